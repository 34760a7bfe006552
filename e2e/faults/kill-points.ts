/**
 * Loaded into a process of the product before its program (`node --import`), which knows nothing of it: counts what the
 * process does to things that outlive it, and kills it, as `kill -9` does, at the one it is told to. So the product has
 * no place in it where tests can end it, and none is forgotten: what is not named here is listed by the tests.
 *
 * `KILL_POINTS` is JSON: {@link KillPoints}.
 */
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import type { Armed, KillPoints } from './killing.ts';

const parse: { (text: string): Armed & KillPoints } = JSON.parse;
const { armFile, traceFile, program, files, database } = parse(process.env['KILL_POINTS'] ?? '{}');
const { appendFileSync, readFileSync } = fs;

let run: string | undefined;
let count = 0;

/** @param what - in words that are the same at each run */
function point(what: string): void {
  let armed: Armed;
  try {
    armed = parse(readFileSync(armFile, 'utf8'));
  } catch {
    return;
  }
  if (armed.run !== run) [run, count] = [armed.run, 0];
  count += 1;
  appendFileSync(traceFile, `${what}\n`);
  if (count === armed.at) process.kill(process.pid, 'SIGKILL');
}

function wrap(
  owner: object,
  name: string,
  around: (call: () => unknown, given: unknown[], self: object) => unknown,
) {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') throw new Error(`there is no ${name} to watch`);
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value(this: object, ...given: unknown[]): unknown {
      return around(() => Reflect.apply(original, this, given), given, this);
    },
  });
}

function memberOf(owner: unknown, name: string): unknown {
  return (typeof owner === 'object' || typeof owner === 'function') && owner !== null
    ? Reflect.get(owner, name)
    : undefined;
}

function prototypeOf(type: unknown): object {
  const prototype = memberOf(type, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('there is no type to watch');
  return prototype;
}

/** Every change of the files whose paths begin so, and of the folders they are in. */
function watchFiles(places: readonly string[]): void {
  const open = new Map<unknown, string>();
  const nameOf = (path: unknown): string | undefined => {
    if (typeof path !== 'string') return undefined;
    if (places.some((place) => dirname(place) === path)) return 'the folder';
    const own = places.find((place) => path.startsWith(place));
    return own && path.slice(dirname(own).length + 1).replace(/\.\d+\.next$/, '.new');
  };
  wrap(fs, 'openSync', (call, [path, flags]) => {
    const name = nameOf(path);
    if (name !== undefined && flags !== 'r') point(`open ${name}`);
    const fd = call();
    if (name !== undefined) open.set(fd, name);
    return fd;
  });
  for (const change of ['writeSync', 'fsyncSync', 'closeSync']) {
    wrap(fs, change, (call, [fd]) => {
      const name = open.get(fd);
      if (name !== undefined) point(`${change.slice(0, -4)} ${name}`);
      if (change === 'closeSync') open.delete(fd);
      return call();
    });
  }
  for (const change of ['renameSync', 'rmSync', 'unlinkSync']) {
    wrap(fs, change, (call, [path]) => {
      const name = nameOf(path);
      if (name !== undefined) point(`${change.slice(0, -4)} ${name}`);
      return call();
    });
  }
  syncBuiltinESMExports();
}

/** Every change of a table, with the transactions it is made in, and what is sent to agents that has to do with it. */
function watchDatabase({ table, sent }: NonNullable<KillPoints['database']>): void {
  // As the control plane finds them.
  const load: (name: string) => unknown = createRequire(new URL('../../api/package.json', import.meta.url));
  /** Connections that are in a transaction, and whether it has changed the table. */
  const transactions = new WeakMap<object, boolean>();

  const statement = (text: string, client: object): string | undefined => {
    const verb = /^\s*(BEGIN|INSERT|UPDATE|COMMIT|ROLLBACK)\b/i.exec(text)?.[1]?.toUpperCase();
    if (verb === 'BEGIN') transactions.set(client, false);
    if (verb === 'COMMIT' || verb === 'ROLLBACK') {
      const changed = transactions.get(client);
      transactions.delete(client);
      return changed === true && verb === 'COMMIT' ? verb : undefined;
    }
    if (verb === undefined || !text.includes(`"${table}"`)) return undefined;
    if (transactions.has(client)) transactions.set(client, true);
    return verb;
  };
  wrap(prototypeOf(memberOf(load('pg'), 'Client')), 'query', (call, given, client) => {
    const [first] = given;
    const text = typeof first === 'object' && first !== null && 'text' in first ? first.text : first;
    const what = typeof text === 'string' ? statement(text, client) : undefined;
    if (what === undefined) return call();
    point(`before ${what}`);
    const after = <T>(answer: T): T => {
      // Until its transaction ends, a change has not happened.
      if (!transactions.has(client)) point(`after ${what}`);
      return answer;
    };
    const done = given.at(-1);
    if (typeof done === 'function') {
      given[given.length - 1] = (...answer: unknown[]): void => {
        Reflect.apply(done, undefined, after(answer));
      };
    }
    const result = call();
    return result instanceof Promise ? result.then(after) : result;
  });
  wrap(prototypeOf(load('ws')), 'send', (call, [message]) => {
    const result = call();
    const payload = typeof message === 'string' ? /"payload":"([\w-]{20,})"/.exec(message)?.[1] : undefined;
    const query = payload === undefined ? '' : Buffer.from(payload, 'base64url').toString();
    for (const name of sent) if (query.includes(name)) point(`sent ${name}`);
    return result;
  });
}

if (process.argv.some((word) => word === program || word.endsWith(`/${program}`))) {
  if (files) watchFiles(files);
  if (database) watchDatabase(database);
}
