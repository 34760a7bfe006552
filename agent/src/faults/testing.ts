import { testImages } from '../../../testing/images.ts';
import type { PrivateEngine } from '../../../testing/private-engine.ts';
import { run } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { filesOf } from '../docker-files/testing.ts';
import { connected } from '../docker/testing.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { testJobs, type Told } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { createPolicy } from '../policy.ts';
import { createStacks } from '../stacks/stacks.ts';
import { eachCompose } from '../stacks/testing.ts';
import { openLeftovers } from '../terminals/leftovers.ts';
import { createTerminals } from '../terminals/terminals.ts';

const authority = { scopes: new Set(['docker:images:write']), deniesPath: () => false };
const counting = 'i=0; trap "exit 0" TERM; while true; do echo $i; i=$((i+1)); sleep 0.1; done';

/** All that the agent does with an engine of the test's own. */
export async function world(engine: PrivateEngine, timeoutMs = 60_000) {
  await using undo = new AsyncDisposableStack();
  const docker = undo.use(await connected({ socket: engine.socket, timeoutMs }));
  const dir = undo.use(await tempDir('sk-faults-'));
  const jobs = undo.use(await testJobs());
  const files = undo.use(filesOf(docker));
  const leftovers = openLeftovers({
    file: dir.file('terminals.json'),
    engine: docker.engine,
    log: silentLog,
    againMs: 50,
  });
  undo.defer(() => leftovers.close());
  const times = { unseenMs: 60_000, idleMs: 60_000, warnMs: 1_000 };
  const host = { account: null, socket: null, program: '' };
  const terminals = createTerminals({ docker, leftovers, times, host });
  undo.defer(() => terminals.stop());
  const command = eachCompose()[0]?.command;
  const policy = createPolicy({ scopes: 'managed', deniedPaths: [], disabledFeatures: new Set() });
  const stacks = createStacks({
    docker,
    socket: engine.socket,
    stateDir: dir.file('state'),
    folder: dir.file('stacks'),
    policy: () => policy,
    log: silentLog,
    jobs: jobs.service,
    settledMs: 500,
    ...(command && { commands: [command] }),
  });
  const owned = undo.move();
  return { docker, files, jobs, terminals, stacks, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
export type World = Awaited<ReturnType<typeof world>>;

const compose = `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    network_mode: none
    healthcheck: { test: ["CMD", "true"], interval: 600s }
`;

/** What is asked to follow all of a container's log. */
export const followed = (id: string) => ({
  id,
  tail: null,
  sinceMs: null,
  untilMs: null,
  follow: true,
  stdout: true,
  stderr: true,
  timestamps: false,
});

/** Starts an engine, with the image that its containers are made of. */
export async function loaded(engine: PrivateEngine): Promise<void> {
  await engine.start();
  await run('sh', ['-c', `docker save ${testImages.busybox} | docker --host unix://${engine.socket} load`]);
}

/** @returns the id of a container that counts aloud */
export async function box(engine: PrivateEngine, ...options: readonly string[]): Promise<string> {
  const script = ['sh', '-c', counting];
  const args = ['run', '--detach', '--network', 'none', ...options, testImages.busybox, ...script];
  return (await engine.cli(...args)).trim();
}

/** The work of a job, to its end. */
export function job(
  { jobs }: World,
  work: (handle: JobHandle) => Promise<JobResult | undefined>,
): Promise<Told> {
  return jobs.begin({ run: work }).ended;
}

/** Deploys a stack that is never found to be healthy, unless another text says otherwise. */
export const deploying = (
  { stacks }: World,
  name: string,
  handle: JobHandle,
  text = compose,
): Promise<JobResult | undefined> =>
  stacks.deploy(
    {
      name,
      files: { compose: text, env: '' },
      baseVersion: null,
      pull: false,
      timeoutMs: 600_000,
      actor: 'usr_1',
      authority,
    },
    handle,
  );

/** How work ended; the code is null where it went well. */
export interface Outcome {
  readonly errorCode: unknown;
  readonly errorMessage: string | null;
}

/** How all of it ended, by its name. */
export async function endsOf(
  begun: Readonly<Record<string, Promise<Outcome>>>,
): Promise<Record<string, Outcome>> {
  const ends = Object.entries(begun).map(async ([name, end]) => [name, await end] as const);
  return Object.fromEntries(await Promise.all(ends));
}

/** How work that is no job ended, in the words of a job. */
export async function outcome(work: Promise<unknown>): Promise<Outcome> {
  try {
    await work;
    return { errorCode: null, errorMessage: '' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    return { errorCode: code, errorMessage: error instanceof Error ? error.message : '' };
  }
}
export const ofJob = (told: Promise<Told>): Promise<Outcome> => told.then(({ job: ended }) => ended);
