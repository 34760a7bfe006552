import { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isScopePattern, type ScopePattern } from '@serverkit/wire/scopes.ts';
import { startAgent } from './agent.ts';
import { parseConfig, stacksBelow, type Config } from './config/config.ts';
import { describe } from './errors.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { openKeyring, type Keyring } from './identity/keyring.ts';
import { lockInstance } from './instance-lock.ts';
import { endpointOf, type Endpoint } from './link/endpoint.ts';
import { RegistrationError } from './link/register.ts';
import { createLog, logLevels, type Log, type LogLevel } from './log.ts';
import { registerHost } from './registration.ts';

/** The pipe that the parent holds the other end of. */
const PIPE = 3;
const MAX_LINE = 256 * 1024;
const FIRST_WAIT = 200;
const LONGEST_WAIT = 10_000;

/** One line of JSON from the parent. The first must be whole; later ones replace the ceiling. */
export interface ParentMessage {
  /** As in the configuration: an address, or `unix:/path`. */
  readonly server: string;
  readonly stateDir: string;
  readonly scopes: readonly ScopePattern[];
  readonly deniedPaths: readonly string[];
  /**
   * Where stacks have their folders, and where what other programs read in passing is put: both by paths that hold for
   * those as well, though not for the state folder, which may be lent. @default below the state folder
   */
  readonly stacks: Config['stacks'] | null;
  /** Registers (again) when the agent is not registered with this very token yet. */
  readonly token: string | null;
  /** PEM of the control plane's own authority. */
  readonly ca: string | null;
  readonly logLevel: LogLevel;
  /** @default the platform's usual socket */
  readonly dockerSocket: string | null;
}

/** @throws Error when it is not of the agreed form */
export function parseParentMessage(line: string): ParentMessage {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const message: Partial<Record<keyof ParentMessage, unknown>> = value;
  const { server, stateDir, scopes, deniedPaths, token = null, ca = null, dockerSocket = null } = message;
  const logLevel = logLevels.find((level) => level === message.logLevel) ?? 'info';
  if (typeof server !== 'string') throw new Error('server must be text');
  if (typeof stateDir !== 'string' || !path.isAbsolute(stateDir))
    throw new Error('stateDir must be an absolute path');
  if (!isListOf(scopes, isPattern)) throw new Error('scopes must be a list of scopes');
  if (!isListOf(deniedPaths, isAbsolute)) throw new Error('deniedPaths must be a list of absolute paths');
  if (!isTextOrNull(token) || !isTextOrNull(ca) || !isTextOrNull(dockerSocket)) {
    throw new Error('token, ca and dockerSocket must be text or null');
  }
  const stacks = placesOf(message.stacks ?? null);
  return { server, stateDir, scopes, deniedPaths, stacks, token, ca, logLevel, dockerSocket };
}

function placesOf(value: unknown): ParentMessage['stacks'] {
  if (value === null) return null;
  if (typeof value === 'object' && 'folder' in value && 'scratch' in value) {
    const { folder, scratch } = value;
    if (isAbsolute(folder) && isAbsolute(scratch)) return { folder, scratch };
  }
  throw new Error('stacks must have a folder and a scratch, absolute paths');
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}
const isPattern = (value: unknown): value is ScopePattern =>
  typeof value === 'string' && isScopePattern(value);
const isAbsolute = (value: unknown): value is string => typeof value === 'string' && path.isAbsolute(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';

/**
 * Runs as the agent of the control plane's own host: set up through an inherited pipe, and gone when the other end of the
 * pipe is closed, which the kernel does however the parent ends.
 */
export async function runUnderParent(): Promise<ExitCode> {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: false });
  const orphaned = new AbortController();
  const lines = readLines(pipe);
  const gone = lines.closed.then(() => orphaned.abort());
  const first = await Promise.race([lines.next(), gone]);
  if (first === undefined)
    throw new CommandError('start --parent is for the control plane alone.', exitCodes.usage);

  const message = parseParentMessage(first);
  const log = createLog({ level: message.logLevel });
  const config = configOf(message);
  const release = lockInstance(message.stateDir);
  try {
    const endpoint = endpointOf({
      server: message.server,
      insecure: false,
      ...(message.ca === null ? {} : { ca: message.ca }),
    });
    const keyring = await identify(config, endpoint, message.token, log, orphaned.signal);
    if (!keyring) return exitCodes.ok;
    const agent = await startAgent({
      config,
      keyring,
      endpoint,
      supervisor: 'parent',
      log,
      reload: () => config,
    });
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => agent.stop());
    orphaned.signal.addEventListener('abort', () => {
      log.info('the control plane has ended, and so does its agent');
      agent.stop();
    });
    if (orphaned.signal.aborted) agent.stop();
    void (async () => {
      for (;;) agent.takeOver(configOf(parseParentMessage(await lines.next())));
    })().catch((error: unknown) =>
      log.error('the parent sent what cannot be read', { reason: describe(error) }),
    );
    return await agent.ended;
  } finally {
    release();
    pipe.destroy();
  }
}

function configOf(message: ParentMessage): Config {
  const base = parseConfig('parent', '');
  const { stateDir, scopes, deniedPaths, dockerSocket } = message;
  const stacks = message.stacks ?? stacksBelow(stateDir);
  return {
    ...base,
    server: { ...base.server, url: message.server },
    agent: { ...base.agent, stateDir },
    auth: { keyFile: path.join(stateDir, 'agent.key') },
    stacks,
    security: {
      scopes,
      deniedPaths: [...deniedPaths, stateDir, stacks.scratch],
      // They may lie in what is denied, and nothing else in there is open with them.
      openPaths: [stacks.folder],
    },
    ...(dockerSocket === null ? {} : { docker: { ...base.docker, socket: dockerSocket } }),
  };
}

/** The kept identity, or a new one for a new token; undefined when the parent left before there was one. */
async function identify(
  config: Config,
  endpoint: Endpoint,
  token: string | null,
  log: Log,
  orphaned: AbortSignal,
): Promise<Keyring | undefined> {
  const { stateDir } = config.agent;
  const { keyFile } = config.auth;
  const known = openKeyring({ stateDir, keyFile, log });
  const tokenId = token === null ? undefined : /^sk_reg_([a-z0-9]+)_/.exec(token)?.[1];
  if (known && (token === null || known.tokenId === tokenId)) return known;
  if (token === null)
    throw new CommandError('The control plane gave no token, and this agent is not registered.');
  for (let wait = FIRST_WAIT; !orphaned.aborted; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    try {
      await registerHost(config, endpoint, token, 'parent');
      return openKeyring({ stateDir, keyFile, log });
    } catch (error) {
      if (!(error instanceof RegistrationError) || !error.transient) throw error;
      log.warn(error.message);
      await sleep(wait, undefined, { signal: orphaned }).catch(() => undefined);
    }
  }
  return undefined;
}

interface Lines {
  /** The next line; pending for ever once the pipe is closed. */
  next(): Promise<string>;
  readonly closed: Promise<void>;
}

function readLines(pipe: Socket): Lines {
  const ready: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  pipe.setEncoding('utf8');
  pipe.on('error', () => pipe.destroy());
  pipe.on('end', () => pipe.destroy());
  pipe.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE) pipe.destroy();
    for (const line of parts) {
      const take = waiting.shift();
      if (take) take(line);
      else ready.push(line);
    }
  });
  return {
    next() {
      const line = ready.shift();
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
    },
    closed: new Promise((resolve) => pipe.once('close', () => resolve())),
  };
}
