import { parseArgs } from 'node:util';
import { defaultPaths } from './config/paths.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** The command line, taken apart. */
export interface Arguments {
  /** Words that are not options, without the command's own. */
  readonly words: readonly string[];
  readonly configFile: string;
  readonly values: Values;
}

const options = {
  config: { type: 'string', short: 'c' },
  server: { type: 'string', short: 's' },
  'token-file': { type: 'string' },
  'ca-file': { type: 'string' },
  'ca-sha256': { type: 'string' },
  insecure: { type: 'boolean' },
  json: { type: 'boolean' },
  ring: { type: 'boolean' },
  parent: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type Parsed = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
export type Values = Parsed['values'];

/** @throws CommandError for what is not an option */
export function readArguments(argv: readonly string[]): Arguments & { readonly command: string | undefined } {
  if (argv.some((word) => /^(-t|--token)(=|$)/.test(word))) {
    throw new CommandError(
      'A token on the command line can be read by everyone on this machine. Put it into SERVERKIT_TOKEN, or a file: --token-file FILE.',
      exitCodes.usage,
    );
  }
  const { values, positionals } = parse(argv);
  const [command, ...words] = positionals;
  return { command, words, values, configFile: values.config ?? defaultPaths().configFile };
}

function parse(argv: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new CommandError(`${problem}. See serverkit-agent --help.`, exitCodes.usage);
  }
}
