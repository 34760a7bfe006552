import { mkdir } from 'node:fs/promises';
import { composeTools } from '../../../testing/product/compose.ts';
import { removeComposeProject, uniqueProject } from '../../../testing/product/compose-project.ts';
import { startProcess, plainEnv } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import type { DockerService } from '../docker/service.ts';
import { connected } from '../docker/testing.ts';
import { silentLog } from '../log.ts';
import { createPolicy } from '../policy.ts';
import type { ComposeCommand } from './compose-tool.ts';
import type { StackService } from './service.ts';
import { createStacks } from './stacks.ts';

export interface TestCompose {
  readonly title: string;
  readonly command: ComposeCommand;
}

/** Each generation of Compose that this machine has. */
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
  /** Runs Compose itself in the stack's folder, as somebody at the host would. @throws with its output */
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
  const stacks = createStacks({
    docker,
    socket: '/var/run/docker.sock',
    stateDir: dir.file('state'),
    folder,
    policy: () => policy,
    log: silentLog,
    ...(command && { commands: [command] }),
  });
  return {
    stacks,
    docker,
    name,
    folder,
    async cli(...args) {
      const [program = '', ...first] = command ?? [];
      const words = [...first, '--project-name', name, '--project-directory', `${folder}/${name}`, ...args];
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
