import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { errorCode, StartupError } from '../../api/src/startup-error.ts';

export interface SecretOptions {
  /** What is asked for, as it stands in a sentence: `passphrase`. */
  readonly name: string;
  /** The option that names a file: `--passphrase-file`. */
  readonly option: string;
  /** What the option said; `-` is standard input. */
  readonly file: string | undefined;
  /** Whether a person types it twice, because nobody will know it otherwise. */
  readonly twice: boolean;
}

/**
 * A secret from a file, from standard input, or typed unseen at a terminal; never from arguments or the environment, where
 * every list of processes shows it.
 * @throws StartupError when there is none
 */
export async function readSecret({ name, option, file, twice }: SecretOptions): Promise<string> {
  if (file !== undefined) return oneLine(await fromFile(file, name, option), name, option);
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new StartupError(
      `Name a file with the ${name}: ${option} FILE, or ${option} - for standard input.`,
    );
  }
  const typed = await ask(`${capital(name)}: `);
  if (twice && (await ask(`The same ${name} again: `)) !== typed) {
    throw new StartupError(`The two were not the same; nothing was done.`);
  }
  return oneLine(typed, name, option);
}

async function fromFile(file: string, name: string, option: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartupError(
      `The ${name} cannot be read from ${file} (${errorCode(cause)}), which ${option} names.`,
      {
        cause,
      },
    );
  }
}

/** A file ends as editors end it: the line break is not part of the secret. */
function oneLine(read: string, name: string, option: string): string {
  const secret = read.replace(/\r?\n$/, '');
  if (secret === '')
    throw new StartupError(`The ${name} is empty; ${option} names a file whose one line it is.`);
  if (/[\r\n]/.test(secret)) throw new StartupError(`The ${name} must be one line.`);
  return secret;
}

/** Standard error has the question, so that standard output stays clean; nothing that is typed is shown. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  const stop = new AbortController();
  terminal.once('SIGINT', () => stop.abort());
  terminal.once('close', () => stop.abort());
  try {
    return await terminal.question('', { signal: stop.signal });
  } catch (cause) {
    throw new StartupError('Nothing was done.', { cause });
  } finally {
    process.stderr.write('\n');
    terminal.close();
  }
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
