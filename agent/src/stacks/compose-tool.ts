import { AgentError, describe } from '../errors.ts';
import type { RunCompose } from './run.ts';

/** The Compose of this host. */
export interface ComposeTool {
  /** With the words that come before Compose's own. */
  readonly command: readonly [string, ...string[]];
  /** As it says itself, without a leading v. */
  readonly version: string;
  /** 1: docker-compose, written in Python, without updates since 2023. 2: the plugin of the docker command, and what followed it. */
  readonly generation: 1 | 2;
}

export type ComposeCommand = ComposeTool['command'];

/** In the order they are looked for. */
export const usualCommands: readonly ComposeCommand[] = [['docker', 'compose'], ['docker-compose']];

/** To start, on a slow disk. Ms. */
const PATIENCE = 20_000;

export interface ComposeFinder {
  /** @throws AgentError COMPOSE_UNAVAILABLE that says what to install */
  find(): Promise<ComposeTool>;
}

/** Looks once; while there is none, each time anew, so that one that was just installed is found. */
export function createComposeFinder(
  run: RunCompose,
  commands: readonly ComposeCommand[] = usualCommands,
): ComposeFinder {
  let found: ComposeTool | undefined;
  return {
    async find() {
      found ??= await firstOf(run, commands);
      return found;
    },
  };
}

async function firstOf(run: RunCompose, commands: readonly ComposeCommand[]): Promise<ComposeTool> {
  const reasons: string[] = [];
  for (const command of commands) {
    try {
      const { code, stdout } = await run(command, {
        args: ['version', '--short'],
        signal: AbortSignal.timeout(PATIENCE),
      });
      const [, version = '', major = ''] = /^v?((\d+)\.\S+)/.exec(stdout.trim()) ?? [];
      if (code === 0 && version !== '') return { command, version, generation: Number(major) === 1 ? 1 : 2 };
      reasons.push(`"${command.join(' ')}" is not Compose`);
    } catch (error) {
      reasons.push(describe(error));
    }
  }
  throw new AgentError(
    'COMPOSE_UNAVAILABLE',
    'There is no Docker Compose on this server. Install the package docker-compose-plugin (from Docker), docker-compose-v2 (Ubuntu) or docker-compose (Debian), and try again; nothing needs to be restarted.',
    new Error(reasons.join('; ')),
  );
}
