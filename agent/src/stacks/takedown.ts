import type { Authority } from '../docker/privilege/guard.ts';
import { filters, type Engine } from '../docker/engine.ts';
import { array, object, text, type JsonObject } from '../docker/json.ts';
import { AgentError, describe } from '../errors.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { checkVersion } from './kept.ts';
import { deployedServices, everyOne, type OperateTools } from './operate.ts';
import { needsOf, stepsOf } from './order.ts';
import { readProjects } from './projects.ts';

/** To delete a container's layers, or a volume with many files. Ms. */
const DELETING = 60_000;

export interface TakedownOptions {
  readonly name: string;
  /** The version that whoever asks has seen; null for a stack that was made elsewhere. */
  readonly baseVersion: number | null;
  /** Its volumes too, with all that is in them; takes docker:volumes:write. */
  readonly volumes: boolean;
  /** Its files and versions too, as far as the agent keeps them. */
  readonly forget: boolean;
  readonly authority: Pick<Authority, 'scopes'>;
}

/**
 * Removes what Compose made for a stack: containers and networks, by their labels, so that it needs neither Compose nor
 * the file. What others use stays, and is said to stay.
 *
 * @returns how many containers, networks and volumes went
 * @throws AgentError
 */
export async function takeDown(
  { name, baseVersion, volumes, forget, authority }: TakedownOptions,
  job: JobHandle,
  tools: Pick<OperateTools, 'docker' | 'store'>,
): Promise<JobResult> {
  const { docker, store } = tools;
  const { engine } = docker;
  if (volumes && !authority.scopes.has('docker:volumes:write')) {
    throw new AgentError('SCOPE_DENIED', `Removing the volumes of ${name} takes docker:volumes:write.`);
  }
  checkVersion(name, baseVersion, store);
  // Whether its files can be forgotten is known before anything is gone.
  if (forget) store.folderOf(name);
  const containers = await containersOf(name, engine);
  const networks = await namedOf(engine, '/networks', name);
  if (containers.length === 0 && networks.length === 0 && !volumes && !store.has(name)) {
    throw new AgentError('NOT_FOUND', `There is no stack ${name} on this server.`);
  }

  job.step('Containers');
  const services = (await readProjects(docker)).get(name)?.services ?? [];
  const needs = needsOf(services, deployedServices(name, store));
  const inService = new Set(services.flatMap((service) => service.containers.map(({ id }) => id)));
  // What somebody ran once beside the services uses them.
  const others = containers.filter(({ id }) => !inService.has(id));
  const steps = stepsOf(services, needs)
    .toReversed()
    .map((step) =>
      step.flatMap((service) => service.containers.map(({ id }) => ({ id, item: service.name }))),
    );
  for (const step of [others.map(({ id, name: item }) => ({ id, item })), ...steps]) {
    await everyOne(
      step.map(async ({ id, item }) => {
        job.progress({ item, status: 'stopping' });
        await unlessGone(() => docker.act(id, { kind: 'stop', timeoutSeconds: null }, job.signal));
        await unlessGone(() => docker.remove(id, { force: true, volumes }, job.signal));
        job.progress({ item, status: 'removed' });
      }),
    );
  }

  job.step('Networks');
  const goneNetworks = await removeEach(engine, 'network', networks, job);
  let goneVolumes = 0;
  if (volumes) {
    job.step('Volumes');
    goneVolumes = await removeEach(engine, 'volume', await namedOf(engine, '/volumes', name), job);
  }
  if (forget) store.forget(name);
  return { containers: containers.length, networks: goneNetworks, volumes: goneVolumes };
}

const ofProject = (name: string): { readonly filters: string } =>
  filters({ label: [`com.docker.compose.project=${name}`] });

/** With those of `compose run`, which are of no service. */
async function containersOf(
  project: string,
  engine: Pick<Engine, 'get'>,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const found = array(await engine.get('/containers/json', { all: true, ...ofProject(project) })).map(object);
  return found.map(({ Id: id, Names: names }) => ({
    id: text(id),
    name: text(array(names)[0]).replace(/^\//, ''),
  }));
}

/** One that removes itself once it has stopped, or that somebody else was faster with. */
async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'NOT_FOUND') throw error;
  }
}

interface Named {
  readonly name: string;
  /** What the engine is told to remove. */
  readonly reference: string;
}

async function namedOf(
  engine: Pick<Engine, 'get'>,
  path: '/networks' | '/volumes',
  project: string,
): Promise<Named[]> {
  const reply = await engine.get(path, ofProject(project));
  const found: JsonObject[] = array(path === '/volumes' ? object(reply)['Volumes'] : reply).map(object);
  return found.map(({ Name: name, Id: id }) => ({ name: text(name), reference: text(id) || text(name) }));
}

async function removeEach(
  engine: Pick<Engine, 'delete'>,
  kind: 'network' | 'volume',
  all: readonly Named[],
  job: JobHandle,
): Promise<number> {
  let gone = 0;
  for (const { name, reference } of all) {
    if (job.signal.aborted) throw new AgentError('CANCELLED', 'It was cancelled.');
    try {
      await engine.delete(`/${kind}s/${encodeURIComponent(reference)}`, {}, DELETING);
      job.line(`Removed the ${kind} ${name}.`);
      gone += 1;
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'DOCKER_UNAVAILABLE') throw error;
      job.line(`The ${kind} ${name} stays: ${describe(error)}`, 'STDERR');
    }
  }
  return gone;
}
