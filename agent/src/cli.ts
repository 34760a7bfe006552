import { readArguments, type Arguments } from './arguments.ts';
import { configCommand, configHelp } from './commands/config.ts';
import { registerCommand, registerHelp } from './commands/register.ts';
import { start } from './commands/start.ts';
import { statusCommand, statusHelp } from './commands/status.ts';
import { ConfigError } from './config/reader.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { agentVersion } from './version.ts';

const help = `serverkit-agent connects this server to a ServerKit control plane.

  register   registers this server with a control plane
  start      runs the agent; usually a service does
  status     shows how the agent is
  config     shows the configuration, or what the control plane may do here
  version    shows the version

  -c, --config FILE   the configuration (serverkit-agent config path)
  -h, --help          more about a command
`;

interface Command {
  readonly help: string;
  run(args: Arguments): Promise<ExitCode> | ExitCode;
}

const commands: Readonly<Record<string, Command>> = {
  register: { help: registerHelp, run: registerCommand },
  start: {
    help: 'serverkit-agent start [-c CONFIG]\n\nRuns the agent until SIGTERM. Ends with 75 to be started again, 78 when it was revoked.\n',
    run: start,
  },
  status: { help: statusHelp, run: statusCommand },
  config: { help: configHelp, run: configCommand },
  version: { help: 'serverkit-agent version\n', run: version },
};

function version(): ExitCode {
  process.stdout.write(`${agentVersion}\n`);
  return exitCodes.ok;
}

/** Runs one command line and answers how the process should end. Never throws. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    const { command: name, ...args } = readArguments(argv);
    if (args.values.version) return version();
    const command = name === undefined ? undefined : commands[name];
    if (args.values.help || name === 'help') {
      process.stdout.write(command?.help ?? help);
      return exitCodes.ok;
    }
    if (!command) {
      process.stderr.write(name === undefined ? help : `There is no command "${name}".\n\n${help}`);
      return exitCodes.usage;
    }
    return await command.run(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message.trimEnd() : String(error)}\n`);
    if (error instanceof CommandError) return error.exitCode;
    return error instanceof ConfigError ? exitCodes.usage : exitCodes.failure;
  }
}
