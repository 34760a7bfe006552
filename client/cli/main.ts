import { parseArgs } from 'node:util';
import { createClient } from '../src/node.ts';
import type { Command, Input } from './command.ts';
import { container } from './commands/container.ts';
import { containers } from './commands/containers.ts';
import { contexts, logout, use } from './commands/contexts.ts';
import { deploy } from './commands/deploy.ts';
import { events } from './commands/events.ts';
import { login } from './commands/login.ts';
import { logs } from './commands/logs.ts';
import { metrics } from './commands/metrics.ts';
import { pull } from './commands/pull.ts';
import { run } from './commands/run.ts';
import { servers } from './commands/servers.ts';
import { contextOf, type Env } from './config.ts';
import { exitCodes, failureOf, usage, type ExitCode } from './failure.ts';
import { Output, type Sink } from './output.ts';
import { safeText } from './safe-text.ts';

const commands: Readonly<Record<string, Command>> = {
  login,
  contexts,
  use,
  logout,
  servers,
  containers,
  container,
  logs,
  metrics,
  events,
  deploy,
  pull,
  run,
};

export interface Surroundings {
  readonly env: Env;
  readonly stdin: () => Input;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Aborted by ^C, SIGTERM, or when nobody reads the output any more. */
  readonly signal: AbortSignal;
  readonly version: string;
}

const common = {
  json: { type: 'boolean' },
  context: { type: 'string', short: 'c' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Runs a command line. @returns the exit code; what failed has been told on standard error */
export async function serverkit(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stderr, signal } = surroundings;
  try {
    await dispatch(args, surroundings);
    return exitCodes.ok;
  } catch (error) {
    // What an interrupted command says on its way out is of no interest.
    if (signal.aborted) return exitCodes.ok;
    const { message, exitCode } = failureOf(error);
    stderr.write(`serverkit: ${stderr.isTTY ? safeText(message) : message}\n`);
    return exitCode;
  }
}

async function dispatch([name, ...rest]: readonly string[], surroundings: Surroundings): Promise<void> {
  const { env, stdout, stderr, stdin, signal, version } = surroundings;
  if (name === '--version' || name === 'version') return void stdout.write(`${version}\n`);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return void stdout.write(overview());
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw usage(`There is no command ${name}. See: serverkit help.`);
  const { values, positionals } = parsed(command, rest);
  if (values['help'] === true) return void stdout.write(helpOf(command));
  const color = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const output = new Output(stdout, { json: values['json'] === true, color, signal });
  const context = values['context'];
  await command.run({
    values,
    positionals,
    env,
    output,
    signal,
    stdin,
    tell: (sentence) => void stderr.write(`serverkit: ${stderr.isTTY ? safeText(sentence) : sentence}\n`),
    client() {
      const { url, token, ca, insecure } = contextOf(env, typeof context === 'string' ? context : undefined);
      return createClient({
        url,
        token,
        ...(ca !== undefined && { ca }),
        ...(insecure !== undefined && { insecure }),
        onConnection: (state) => {
          if (state.state === 'waiting') stderr.write(`serverkit: ${state.error.message} Trying again.\n`);
        },
      });
    },
  });
}

function parsed(command: Command, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { ...common, ...command.options }, allowPositionals: true });
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw usage(`${sentence.replace(/\.$/, '')}. Write: serverkit ${command.usage}.`);
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `serverkit: servers and containers from the command line

${lines.join('\n')}

serverkit COMMAND --help tells more. Every command takes --json (one JSON object per line) and --context NAME.
`;
}

function helpOf({ usage: line, summary, help, options = {} }: Command): string {
  const all: NonNullable<Command['options']> = { ...options, ...common };
  const names = Object.entries(all).map(
    ([name, { short, type }]) => `${short ? `-${short}, ` : ''}--${name}${type === 'string' ? ' …' : ''}`,
  );
  return `serverkit ${line}\n\n${summary}\n${help ? `\n${help}\n` : ''}\nOptions: ${names.join('  ')}\n`;
}
