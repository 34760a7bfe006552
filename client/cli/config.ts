import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure, usage } from './failure.ts';

/** A control plane, and what lets one in. */
export interface Context {
  readonly url: string;
  readonly token: string;
  /** PEM of the authority to trust. */
  readonly ca?: string | undefined;
  readonly insecure?: boolean | undefined;
}

export interface Config {
  /** The name of the one in use. */
  readonly current?: string | undefined;
  readonly contexts: Readonly<Record<string, Context>>;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** XDG Base Directory: `$XDG_CONFIG_HOME`, or `~/.config`. */
export function configFile(env: Env): string {
  return join(
    env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'),
    'serverkit',
    'config.json',
  );
}

const none: Config = { contexts: {} };

export function readConfig(env: Env): Config {
  const file = configFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none;
    throw new Failure(`${file} cannot be read: ${String(error)}`);
  }
  try {
    const config: unknown = JSON.parse(text);
    if (isConfig(config)) return config;
  } catch {
    // Told below.
  }
  throw new Failure(`${file} is damaged; move it away and sign in again: serverkit login.`);
}

function isConfig(value: unknown): value is Config {
  return (
    typeof value === 'object' &&
    value !== null &&
    'contexts' in value &&
    typeof value.contexts === 'object' &&
    value.contexts !== null &&
    Object.values(value.contexts).every(isContext)
  );
}

function isContext(value: unknown): value is Context {
  return (
    typeof value === 'object' &&
    value !== null &&
    'url' in value &&
    typeof value.url === 'string' &&
    'token' in value &&
    typeof value.token === 'string'
  );
}

/** Holds tokens: nobody but its owner may read it. Replaced as a whole, so that nothing is ever half written. */
export function writeConfig(env: Env, config: Config): string {
  const file = configFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
  return file;
}

/**
 * The control plane to talk to: SERVERKIT_URL and SERVERKIT_TOKEN when set, as in CI, else what `login` stored.
 *
 * @throws Failure when there is none
 */
export function contextOf(env: Env, name: string | undefined): Context {
  const { SERVERKIT_URL: url, SERVERKIT_TOKEN: token, SERVERKIT_CA: caFile } = env;
  if (name === undefined && url && token) {
    return { url, token, ca: caFile ? readFileSync(caFile, 'utf8') : undefined };
  }
  const { current, contexts } = readConfig(env);
  const wanted = name ?? current;
  const context = wanted === undefined ? undefined : contexts[wanted];
  if (context) return context;
  if (name !== undefined) {
    const known = Object.keys(contexts).join(', ');
    throw usage(
      `There is no context named ${name}.${known ? ` There are: ${known}.` : ' Sign in: serverkit login.'}`,
    );
  }
  throw usage('Not signed in. Run: serverkit login, or set SERVERKIT_URL and SERVERKIT_TOKEN.');
}
