import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import type { JobHandle } from '../jobs/job.ts';
import { readProjects, type ProjectSource } from './projects.ts';
import type { StackContainer } from './stack.ts';

/** One without a health check counts as up when it has run for so long: what fails at its start does so at once. Ms. */
export const SETTLED = 3_000;
/** Between two looks. Ms. */
const PACE = 500;

/**
 * Waits until every container of a stack is up: healthy where it has a check, else running and not about to fall over, or
 * done with its work.
 *
 * @throws AgentError DOCKER_ERROR that names the one that is not; CANCELLED
 */
export async function waitUntilUp(
  docker: ProjectSource,
  name: string,
  {
    timeoutMs,
    settledMs,
    job,
    signal,
    only = () => true,
    onFailed = () => Promise.resolve(),
  }: {
    readonly timeoutMs: number;
    /** See {@link SETTLED}. */
    readonly settledMs: number;
    readonly job: Pick<JobHandle, 'progress'>;
    readonly signal: AbortSignal;
    /** Whether a container counts, by its service and what its health check says. @default all */
    readonly only?: (service: string, health: string | null) => boolean;
    /** Told which one it is before anything is done about it. Never throws. */
    readonly onFailed?: (container: StackContainer) => Promise<void>;
  },
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const since = new Map<string, number>();
  for (;;) {
    const services = (await readProjects(docker)).get(name)?.services ?? [];
    let waiting: { readonly why: string; readonly container: StackContainer } | undefined;
    for (const { name: service, containers: all } of services) {
      const containers = all.filter(({ health }) => only(service, health));
      if (containers.length === 0) continue;
      const states = containers.map((container) => ({
        container,
        state: stateOf(container, since, settledMs),
      }));
      const failed = states.find(({ state }) => state.word === 'failed');
      if (failed) {
        await onFailed(failed.container);
        throw new AgentError('DOCKER_ERROR', `${service} did not come up: ${failed.state.why}.`);
      }
      const pending = states.find(({ state }) => state.word === 'waiting');
      if (pending) waiting = { why: `${service} is ${pending.state.why}`, container: pending.container };
      job.progress({ item: service, status: (pending ?? states[0])?.state.why ?? '' });
    }
    if (waiting === undefined) return;
    if (performance.now() > deadline) {
      await onFailed(waiting.container);
      throw new AgentError('DOCKER_ERROR', `${waiting.why} after ${Math.round(timeoutMs / 1000)} s.`);
    }
    await sleep(PACE, undefined, { signal }).catch(() => {
      throw new AgentError('CANCELLED', 'It was cancelled.');
    });
  }
}

/**
 * Containers of a stack that do not run as they should: Compose itself gives up on what others wait for. None where the
 * engine does not say.
 */
export async function failedContainers(docker: ProjectSource, name: string): Promise<StackContainer[]> {
  const projects = await readProjects(docker).catch(() => undefined);
  return (projects?.get(name)?.services ?? [])
    .flatMap(({ containers }) => containers)
    .filter((container) => stateOf(container, new Map(), 0).word === 'failed');
}

interface Word {
  readonly word: 'up' | 'waiting' | 'failed';
  /** Ends the sentence "it is …". */
  readonly why: string;
}

function stateOf(
  { id, state, health, exitCode }: StackContainer,
  since: Map<string, number>,
  settledMs: number,
): Word {
  switch (state) {
    case 'RUNNING': {
      if (health === 'healthy') return { word: 'up', why: 'healthy' };
      if (health === 'unhealthy') return { word: 'failed', why: 'its health check fails' };
      if (health === 'starting') return { word: 'waiting', why: 'starting' };
      const now = performance.now();
      const seen = since.get(id) ?? now;
      since.set(id, seen);
      return now - seen >= settledMs ? { word: 'up', why: 'running' } : { word: 'waiting', why: 'starting' };
    }
    case 'EXITED':
      return exitCode === 0
        ? { word: 'up', why: 'done' }
        : { word: 'failed', why: `it ended with ${exitCode ?? 'an error'}` };
    case 'RESTARTING':
      return { word: 'failed', why: `it ends again and again, last with ${exitCode ?? 'an error'}` };
    case 'DEAD':
      return { word: 'failed', why: 'Docker could not finish it' };
    case 'CREATED':
    case 'PAUSED':
    case 'REMOVING':
      return { word: 'waiting', why: state.toLowerCase() };
  }
}
