import type { Container } from '../docker/container.ts';
import type { DockerService } from '../docker/service.ts';
import { fileHashLabel } from '@serverkit/wire/secret-references.ts';
import type { Stack, StackContainer } from './stack.ts';

/** Labels that both generations of Compose give to what they make (compose-go, labels). */
const label = (name: string): string => `com.docker.compose.${name}`;

/** A stack as its containers tell of it. */
export type Project = Omit<Stack, 'managed' | 'version'>;

/** What runs, or ran, of Compose projects, by name. @throws AgentError */
export async function readProjects(docker: Pick<DockerService, 'list'>): Promise<Map<string, Project>> {
  return projectsOf(await allContainers(docker));
}

async function allContainers(docker: Pick<DockerService, 'list'>): Promise<Container[]> {
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

/** Groups containers by the project that Compose made them for; those of `compose run` are nobody's service. */
export function projectsOf(containers: readonly Container[]): Map<string, Project> {
  const projects = new Map<string, Found>();
  for (const container of containers) {
    const labels = new Map(container.labels.map(({ key, value }) => [key, value]));
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
