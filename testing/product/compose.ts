import { spawnSync } from 'node:child_process';
import { plainEnv, startProcess } from '../processes.ts';
import { removeComposeProject, uniqueProject } from './compose-project.ts';

/** A Compose that this machine has. */
export interface ComposeTool {
  readonly title: string;
  readonly command: readonly string[];
}

/** In the order in which an agent looks for them. */
const candidates: readonly (readonly string[])[] = [['docker', 'compose'], ['docker-compose']];

/**
 * One of each generation, as far as there is one, and first of them the one that an agent on this machine uses: the
 * first (Python) and the second (Go) read the same file differently.
 */
export function composeTools(): readonly ComposeTool[] {
  const found = new Map<string, ComposeTool>();
  for (const command of candidates) {
    const [program = '', ...args] = command;
    const { stdout } = spawnSync(program, [...args, 'version', '--short'], { encoding: 'utf8' });
    const version = /^v?(\d+)\.\S+/.exec(stdout ?? '');
    const generation = version?.[1] === '1' ? 'first' : 'second';
    if (version && !found.has(generation)) {
      found.set(generation, { title: `Compose ${version[0]}`, command });
    }
  }
  return [...found.values()];
}

/** A project of docker-compose.yml of its own, gone with its volumes on dispose. */
export interface ComposeProject extends AsyncDisposable {
  readonly name: string;
  /**
   * Runs one command of Compose to its end.
   *
   * @param input - what it reads
   * @throws with its output when it fails
   */
  run(args: readonly string[], input?: string): Promise<string>;
}

/** @param settings - of docker-compose.yml, as a file .env would hold them */
export function composeProject(
  { command }: ComposeTool,
  settings: Readonly<Record<string, string>>,
): ComposeProject {
  const name = uniqueProject();
  const [program = '', ...first] = command;
  const env = plainEnv({ ...settings, COMPOSE_PROJECT_NAME: name });
  return {
    name,
    async run(args, input) {
      await using child = startProcess(program, [...first, ...args], { env });
      if (input !== undefined) child.write(input);
      child.write(null);
      const { code } = await child.exit;
      if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${child.output()}`);
      return child.stdout();
    },
    [Symbol.asyncDispose]: () => removeComposeProject(name),
  };
}
