import { mkdir } from 'node:fs/promises';
import { docker as dockerCommand } from '../../../testing/docker.ts';
import { composeTools } from '../../../testing/product/compose.ts';
import { removeComposeProject, uniqueProject } from '../../../testing/product/compose-project.ts';
import { startProcess, plainEnv } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import type { DockerService } from '../docker/service.ts';
import { connected } from '../docker/testing.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { jobId, testJobs, untold, type Told } from '../jobs/testing.ts';
import { silentLog, type Log } from '../log.ts';
import { createPolicy } from '../policy.ts';
import type { ComposeCommand } from './compose-tool.ts';
import type { DeployOptions } from './deploy.ts';
import type { StackService } from './service.ts';
import { createStacks, type StacksOptions } from './stacks.ts';

export interface TestCompose {
  readonly title: string;
  readonly command: ComposeCommand;
}

/** Each generation of Compose that this machine has, the newer first. */
export function eachCompose(): TestCompose[] {
  return composeTools().flatMap(({ title, command: [program, ...args] }) =>
    program === undefined ? [] : { title, command: [program, ...args] },
  );
}

/** The agent's stacks on the real engine, with one project of its own that is gone with its block. */
export interface TestStacks extends AsyncDisposable {
  readonly stacks: StackService;
  readonly docker: DockerService;
  /** Of the project that is removed. */
  readonly name: string;
  /** Where the stacks' folders are. */
  readonly folder: string;
  /** Where the deployments that are under way are noted. */
  readonly notes: string;
  /** As the next agent has them. @param log - that it writes to @param jobs - that it tells what it undid */
  again(log: Log, jobs?: StacksOptions['jobs']): StackService;
  /** Runs Compose itself in the stack's folder, unless told another, as somebody at the host would. @throws with its output */
  cli(...args: readonly string[]): Promise<string>;
}

export async function testStacks(
  command: ComposeCommand | undefined,
  { deniedPaths = [] }: { readonly deniedPaths?: readonly string[] } = {},
): Promise<TestStacks> {
  const dir = await tempDir('sk-stacks-');
  const folder = dir.file('stacks');
  await mkdir(folder);
  const docker = await connected();
  const name = uniqueProject();
  const policy = createPolicy({ scopes: 'managed', deniedPaths, disabledFeatures: new Set() });
  const again: TestStacks['again'] = (log, jobs = untold) =>
    createStacks({
      docker,
      socket: '/var/run/docker.sock',
      stateDir: dir.file('state'),
      folder,
      policy: () => policy,
      log,
      jobs,
      settledMs: 1_000,
      ...(command && { commands: [command] }),
    });
  return {
    stacks: again(silentLog),
    notes: dir.file('state', 'stack-unfinished'),
    again,
    docker,
    name,
    folder,
    async cli(...args) {
      const [program = '', ...first] = command ?? [];
      const place = args.includes('--project-directory') ? [] : ['--project-directory', `${folder}/${name}`];
      const words = [...first, '--project-name', name, ...place, ...args];
      await using child = startProcess(program, words, { env: plainEnv() });
      child.write(null);
      const { code } = await child.exit;
      if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${child.output()}`);
      return child.stdout();
    },
    async [Symbol.asyncDispose]() {
      docker[Symbol.dispose]();
      await removeComposeProject(name);
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A file with one service that runs. */
export const running = (image: string, greeting = 'hello'): string => `services:
  web:
    image: ${image}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: ${greeting} }
`;

/** Runs it as a job, to its end. @param cancel - cancels it at this step */
export async function asJob(
  run: (job: JobHandle) => Promise<JobResult | undefined>,
  cancel?: string,
): Promise<Told> {
  await using jobs = await testJobs();
  const id = jobId();
  const { ended } = jobs.begin({
    id,
    run: (job) =>
      run({
        ...job,
        step(name) {
          job.step(name);
          if (name === cancel) jobs.service.cancel(id);
        },
      }),
  });
  return await ended;
}

/** Deploys to its end. */
export async function deployment(
  stack: TestStacks,
  compose: string,
  {
    baseVersion = null,
    scopes = [],
    env = '',
    deniesPath = () => false,
    secrets = [],
    cancel,
  }: {
    baseVersion?: number | null;
    scopes?: string[];
    env?: string;
    deniesPath?: (path: string) => boolean;
    secrets?: DeployOptions['secrets'];
    /** Cancels it at this step. */
    cancel?: string;
  } = {},
): Promise<Told> {
  const options: Omit<DeployOptions, 'restores'> = {
    name: stack.name,
    files: { compose, env },
    baseVersion,
    pull: false,
    timeoutMs: 60_000,
    actor: 'usr_1',
    authority: { scopes: new Set(scopes), deniesPath },
    secrets,
  };
  return await asJob((job) => stack.stacks.deploy(options, job), cancel);
}

/** As the docker command tells: image and hash of what runs. */
export async function runs(name: string): Promise<string> {
  const ids = (await dockerCommand('ps', '--quiet', '--filter', `label=com.docker.compose.project=${name}`))
    .split('\n')
    .filter(Boolean);
  if (ids.length === 0) return '';
  return (
    await dockerCommand(
      'inspect',
      '--format',
      '{{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}',
      ...ids,
    )
  ).trim();
}
