import type { GivenSecret } from '../containers/secrets.ts';
import { allow, type Authority } from '../docker/privilege/guard.ts';
import { tellLastWords } from '../docker/last-words.ts';
import { AgentError, describe } from '../errors.ts';
import { AgentStops, type JobHandle, type JobResult } from '../jobs/job.ts';
import { secretsBeside } from './begin.ts';
import { pullMissing, ROLL_BACK, type DeployOptions, type DeployTools, type RolledBack } from './deploy.ts';
import { waitUntilUp } from './health.ts';
import { requireKept } from './kept.ts';
import type { Normalised } from './normalise.ts';
import { judgePrivilege } from './privilege.ts';
import { readProjects } from './projects.ts';
import { requireSecrets } from './secrets.ts';
import type { StackContainer } from './stack.ts';
import { up, type Telling } from './up.ts';

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
  const { docker, normaliser, store, unfinished, log, settledMs } = tools;
  job.step('Check');
  const kept = requireKept(name, baseVersion, store);
  const beside = kept.tree === null ? [] : store.trees(name).read(kept.tree);
  // A container that fails may say them: its last words are told.
  job.hide([...secrets.map(({ value }) => value), ...secretsBeside(kept.files, beside ?? [])]);
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
  unfinished.note({
    job: job.id,
    name,
    at: Date.now(),
    folder: stack.folder,
    json: stack.json,
    previous: kept.number,
    ran: before > 0,
    privileged: authority.scopes.has('docker:containers:privileged'),
    laid: false,
    lain: null,
    hashes: new Map(),
    files: null,
    scaled: { service, before },
  });
  using _signs = unfinished.alive(name);
  try {
    await have(stack, { service, count: replicas, secrets, signal: job.signal }, job, tools);
    job.step('Health');
    const { signal } = job;
    const only = (one: string): boolean => one === service;
    const onFailed = (container: StackContainer): Promise<void> =>
      tellLastWords(docker.engine, container, job);
    await waitUntilUp(docker, name, { timeoutMs, settledMs, job, signal, only, onFailed });
  } catch (error) {
    // There is no time left: the next agent has as many as before.
    if (job.signal.reason instanceof AgentStops) throw error;
    job.step('Roll back');
    try {
      await have(
        stack,
        { service, count: before, secrets, signal: AbortSignal.timeout(ROLL_BACK) },
        job,
        tools,
      );
      job.line(`There are ${before} again.`);
    } catch (second) {
      // What failed first is told as the job's failure.
      log.error('a stack could not be scaled back', { stack: name, reason: describe(second) });
      job.line(`It could not be scaled back: ${describe(second)}`, 'STDERR');
    }
    unfinished.forget(name);
    throw error;
  }
  unfinished.forget(name);
  return { replicas: await countOf(name, service, tools) };
}

/** Has so many containers of one service, as they are in the file, and leaves all others alone. */
async function have(
  stack: Normalised,
  {
    service,
    count,
    secrets,
    signal,
  }: {
    readonly service: string;
    readonly count: number;
    readonly secrets: readonly GivenSecret[];
    readonly signal: AbortSignal;
  },
  job: Telling,
  tools: DeployTools,
): Promise<void> {
  const how = ['--no-recreate', '--no-deps', '--no-build', '--scale', `${service}=${count}`, service];
  await up(stack, { secrets, signal, how }, job, tools);
}

/** Has as many containers of a service as before its number was changed. Never throws. */
export async function scaleBack(
  stack: Normalised,
  {
    service,
    before,
    authority,
  }: { readonly service: string; readonly before: number; readonly authority: Authority },
  job: Telling,
  tools: DeployTools,
): Promise<RolledBack> {
  try {
    // What this host has come to deny since then is not made again.
    const { paths } = await judgePrivilege(tools.docker.engine, stack);
    allow({ outside: [], paths }, authority, `Scaling ${stack.name} back`);
    const signal = AbortSignal.timeout(ROLL_BACK);
    await have(stack, { service, count: before, secrets: [], signal }, job, tools);
    return { ok: true, words: `There are ${before} of ${service} again.` };
  } catch (error) {
    return {
      ok: false,
      words: `There may be another number of ${service} than ${before}: ${describe(error)}`,
    };
  }
}

async function countOf(name: string, service: string, { docker }: DeployTools): Promise<number> {
  const project = (await readProjects(docker)).get(name);
  return project?.services.find((one) => one.name === service)?.containers.length ?? 0;
}
