import { parseArgs, type ParseArgsConfig } from 'node:util';
import { readEnvironment, type Environment } from '../../api/src/env.ts';
import { createLog } from '../../api/src/log.ts';
import { errorText, StartupError } from '../../api/src/startup-error.ts';

export interface Given {
  readonly env: Environment;
  readonly log: Awaited<ReturnType<typeof createLog>>;
}

/**
 * Runs a command that keeps an installation: what it is about comes from the same settings that `npm start` reads. What was
 * foreseen is told in one sentence, and ends it with 1.
 */
export async function command(work: (given: Given) => Promise<string>): Promise<void> {
  try {
    const env = readEnvironment(process.env);
    const logLevel = env.logLevel === 'info' ? 'warn' : env.logLevel;
    const log = await createLog({ logLevel }, process.stderr);
    process.stdout.write(`${await work({ env, log })}\n`);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof StartupError) process.stderr.write(`${error.message}\n`);
    else
      process.stderr.write(
        `This failed for a reason that was not foreseen: ${errorText(error)}\n${stackOf(error)}`,
      );
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack}\n` : '';
}

/** @throws StartupError the usage, for arguments that are not to be understood */
export function argumentsFor<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new StartupError(`${errorText(cause).replace(/\.? .*$/s, '')}. Usage: ${usage}`, { cause });
  }
}
