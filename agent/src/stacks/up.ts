import { isMadeFor, putFiles, type GivenSecret } from '../containers/secrets.ts';
import { plainWords } from '../docker/engine-error.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError } from '../errors.ts';
import type { JobHandle } from '../jobs/job.ts';
import { lastWords, type Normaliser, type RunTarget } from './normalise.ts';
import { isProgress, tellProgress } from './progress.ts';
import { readProjects } from './projects.ts';
import { withSecrets } from './secrets.ts';

/** What bringing a stack up, or back, tells, to whoever follows it. */
export type Telling = Pick<JobHandle, 'line' | 'step' | 'progress' | 'ready'>;

export interface UpTools {
  readonly docker: DockerService;
  readonly normaliser: Normaliser;
}

export interface UpOptions {
  readonly secrets: readonly GivenSecret[];
  readonly signal: AbortSignal;
  /** More of `up`'s own options. @default all services, and none that the file does not have */
  readonly how?: readonly string[];
}

/**
 * Runs Compose until what was asked for is there.
 *
 * @throws AgentError DOCKER_ERROR in Compose's words
 */
export async function up(
  stack: RunTarget,
  { secrets, signal, how = ['--remove-orphans'] }: UpOptions,
  job: Telling,
  { docker, normaliser }: UpTools,
): Promise<void> {
  const { target, variables, files } = await withSecrets(stack, secrets, { normaliser, signal });
  const run = async (...options: readonly string[]): Promise<void> => {
    const { code, stderr } = await normaliser.run(target, ['up', ...options, ...how], {
      signal,
      variables,
      onLine: tellProgress(stack.name, job),
      ready: () => job.ready(),
    });
    if (code !== 0) throw new AgentError('DOCKER_ERROR', failureIn(stderr));
  };
  if (files.size > 0) {
    // Files are there before what reads them starts.
    await run('--no-start');
    const services = (await readProjects(docker)).get(stack.name)?.services ?? [];
    for (const { name, containers } of services) {
      const delivery = files.get(name);
      // One that ran before has its files already.
      const made = delivery ? containers.filter(({ state }) => state === 'CREATED') : [];
      for (const { id } of made) {
        if (!delivery || !(await isMadeFor(docker.engine, id, delivery.references))) continue;
        await putFiles(docker.engine, id, delivery, signal);
      }
    }
  }
  await run('--detach');
}

/** Both generations tell their progress on the same stream as what went wrong. */
export function failureIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !isProgress(line));
  return plainWords(lastWords(lines.slice(-8).join('\n')));
}
