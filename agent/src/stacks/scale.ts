import { allow } from '../docker/privilege/guard.ts';
import { AgentError, describe } from '../errors.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { pullMissing, ROLL_BACK, up, type DeployOptions, type DeployTools } from './deploy.ts';
import { waitUntilUp } from './health.ts';
import { requireKept } from './kept.ts';
import { judgePrivilege } from './privilege.ts';
import { readProjects } from './projects.ts';
import { requireSecrets } from './secrets.ts';

/** More of one service on one host is a slip of the finger. */
export const MAX_REPLICAS = 100;

export interface ScaleOptions extends Pick<
  DeployOptions,
  'name' | 'baseVersion' | 'timeoutMs' | 'authority' | 'auths' | 'secrets'
> {
  readonly service: string;
  readonly replicas: number;
}

/**
 * Has so many containers of one service, made as the newest version says, until the next deployment makes as many again as
 * the file says. When they do not come up, there are as many as before.
 *
 * @returns {replicas}
 * @throws AgentError
 */
export async function scale(options: ScaleOptions, job: JobHandle, tools: DeployTools): Promise<JobResult> {
  const { name, service, replicas, baseVersion, timeoutMs, authority, secrets = [] } = options;
  const { docker, normaliser, store, log, settledMs } = tools;
  job.step('Check');
  const kept = requireKept(name, baseVersion, store);
  const stack = await normaliser.kept({ name, folder: store.prepare(name), json: kept.normalised });
  const given = stack.services.get(service);
  // Compose would take it for an option.
  if (service.startsWith('-')) throw new AgentError('INPUT_INVALID', `${service} cannot be scaled by name.`);
  if (!given) throw new AgentError('NOT_FOUND', `${name} has no service ${service}.`);
  requireSecrets(stack, secrets);
  const deed = `Scaling ${name}`;
  allow(await judgePrivilege(docker.engine, stack), authority, deed);
  const before = await countOf(name, service, tools);

  job.step('Images');
  await pullMissing(
    { ...stack, services: new Map([[service, given]]) },
    { ...options, pull: false },
    job,
    tools,
  );

  job.step('Containers');
  // Pulling takes its time, and a volume or network that was not there before may be another's by now.
  allow(await judgePrivilege(docker.engine, stack), authority, deed);
  const have = (count: number, signal: AbortSignal): Promise<void> =>
    up(
      stack,
      {
        secrets,
        signal,
        how: ['--no-recreate', '--no-deps', '--no-build', '--scale', `${service}=${count}`, service],
      },
      job,
      tools,
    );
  try {
    await have(replicas, job.signal);
    job.step('Health');
    const { signal } = job;
    await waitUntilUp(docker, name, { timeoutMs, settledMs, job, signal, only: (one) => one === service });
  } catch (error) {
    job.step('Roll back');
    try {
      await have(before, AbortSignal.timeout(ROLL_BACK));
      job.line(`There are ${before} again.`);
    } catch (second) {
      // What failed first is told as the job's failure.
      log.error('a stack could not be scaled back', { stack: name, reason: describe(second) });
      job.line(`It could not be scaled back: ${describe(second)}`, 'STDERR');
    }
    throw error;
  }
  return { replicas: await countOf(name, service, tools) };
}

async function countOf(name: string, service: string, { docker }: DeployTools): Promise<number> {
  const project = (await readProjects(docker)).get(name);
  return project?.services.find((one) => one.name === service)?.containers.length ?? 0;
}
