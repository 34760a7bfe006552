import type { Container } from '../docker/container.ts';
import type { Engine } from '../docker/engine.ts';
import { object, type JsonObject } from '../docker/json.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError } from '../errors.ts';
import { fileHashLabel } from '@serverkit/wire/secret-references.ts';
import type { Stack, StackContainer } from './stack.ts';

/** Labels that both generations of Compose give to what they make (compose-go, labels). */
const label = (name: string): string => `com.docker.compose.${name}`;

/** A stack as its containers tell of it. */
export type Project = Omit<Stack, 'managed' | 'version'>;

/** What runs, or ran, of Compose projects, by name. @throws AgentError */
export async function readProjects(docker: ProjectSource): Promise<Map<string, Project>> {
  const containers = (await allContainers(docker)).filter((one) => labelsOf(one).has(label('project')));
  return projectsOf(containers, await imageLabels(containers, docker.engine));
}

export interface ProjectSource extends Pick<DockerService, 'list'> {
  readonly engine: Pick<Engine, 'get'>;
}

/** Compose's mark of a service as its file has it; of one with secrets, Compose's own is made of them as well and not told. */
const markLabels = [fileHashLabel, label('config-hash')];
/** What makes a container one of a stack. */
const madeByCompose = [label('project'), label('service'), ...markLabels];

/** By the id of an image. */
export type ImageLabels = ReadonlyMap<string, JsonObject>;

/** An image of an id has the same labels for ever. Those that no container is made of are forgotten. */
const knownLabels = new WeakMap<object, ImageLabels>();

/** Of those that are still there. */
async function imageLabels(
  containers: readonly Container[],
  engine: Pick<Engine, 'get'>,
): Promise<ImageLabels> {
  const known = knownLabels.get(engine);
  const ask = async (id: string): Promise<JsonObject> => {
    const image = object(await engine.get(`/images/${encodeURIComponent(id)}/json`));
    const labels = object(object(image['Config'])['Labels']);
    return Object.fromEntries(madeByCompose.map((key) => [key, labels[key]]));
  };
  const found = await Promise.all(
    [...new Set(containers.map(({ imageId }) => imageId))].map(
      async (id): Promise<[string, JsonObject][]> => {
        try {
          return [[id, known?.get(id) ?? (await ask(id))]];
        } catch (error) {
          if (error instanceof AgentError && error.code === 'NOT_FOUND') return [];
          throw error;
        }
      },
    ),
  );
  const labels = new Map(found.flat());
  knownLabels.set(engine, labels);
  return labels;
}

/**
 * A container's labels without those by which its image would have it be taken for one of a stack: they are its maker's
 * word. Only Compose gives a container such a label itself, and whoever works at the host.
 */
function ownLabels(container: Container, images: ImageLabels): ReadonlyMap<string, string> | undefined {
  const ofImage = images.get(container.imageId);
  if (!ofImage) return undefined;
  const labels = labelsOf(container);
  const own = madeByCompose.filter((key) => labels.has(key) && labels.get(key) !== ofImage[key]);
  // What Compose has built says of which service it is, and so do those made of it.
  if (own.length === 0) return undefined;
  return new Map([...labels].filter(([key]) => !markLabels.includes(key) || own.includes(key)));
}

const labelsOf = ({ labels }: Container): Map<string, string> =>
  new Map(labels.map(({ key, value }) => [key, value]));

async function allContainers(docker: ProjectSource): Promise<Container[]> {
  const all: Container[] = [];
  let after: string | null = null;
  do {
    const page: { readonly items: readonly Container[]; readonly next: string | null } = await docker.list({
      all: true,
      ids: null,
      first: 500,
      after,
    });
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}

/**
 * Groups containers by the project that Compose made them for; those of `compose run` are nobody's service, and those whose
 * image says that they are of one are of none.
 */
export function projectsOf(containers: readonly Container[], images: ImageLabels): Map<string, Project> {
  const projects = new Map<string, Found>();
  for (const container of containers) {
    const labels = ownLabels(container, images);
    if (!labels) continue;
    const name = labels.get(label('project'));
    const service = labels.get(label('service'));
    if (!name || !service || /^true$/i.test(labels.get(label('oneoff')) ?? '')) continue;
    const project: Found = projects.get(name) ?? { folder: null, configFiles: [], services: new Map() };
    projects.set(name, project);
    project.folder ??= labels.get(label('project.working_dir')) ?? null;
    if (project.configFiles.length === 0)
      project.configFiles = pathsOf(labels.get(label('project.config_files')));
    const members: Members = project.services.get(service) ?? { containers: [], dependsOn: [] };
    project.services.set(service, members);
    members.containers.push(containerOf(container, labels));
    members.dependsOn = dependencies(labels.get(label('depends_on')));
  }
  return new Map(
    [...projects].map(([name, { services, ...project }]) => [
      name,
      {
        name,
        ...project,
        services: [...services]
          .map(([service, { containers: found, dependsOn }]) => ({
            name: service,
            containers: found.toSorted((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1)),
            dependsOn,
          }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      },
    ]),
  );
}

interface Members {
  readonly containers: StackContainer[];
  dependsOn: string[];
}

interface Found {
  folder: string | null;
  configFiles: string[];
  readonly services: Map<string, Members>;
}

function containerOf(container: Container, labels: ReadonlyMap<string, string>): StackContainer {
  const { id, name, state, status, health, exitCode, image, imageId } = container;
  return {
    id,
    name,
    number: Number.parseInt(labels.get(label('container-number')) ?? '', 10) || 1,
    state,
    status,
    health,
    exitCode,
    image,
    imageId,
    configHash: labels.get(fileHashLabel) ?? labels.get(label('config-hash')) ?? null,
  };
}

/** "-" stands for standard input. The first Compose notes paths below the folder. */
function pathsOf(files: string | undefined): string[] {
  return (files ?? '').split(',').filter((file) => file !== '' && file !== '-');
}

/** `db:service_started:false,cache:service_healthy:true`, by the second Compose alone. */
function dependencies(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((one) => one.split(':')[0] || []);
}
