import type { Engine } from '../docker/engine.ts';
import { firstOf } from '../docker/tar.ts';
import { AgentError } from '../errors.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const root: Owner = { uid: 0, gid: 0 };
/** Of its list of users. Bytes. */
const MAX_LIST = 1024 * 1024;

/**
 * Whom a container runs as, in numbers, so that files can be its own: `user` or `user:group` as its settings have it,
 * looked up in its own list of users where it is a name. Root where that does not tell.
 */
export async function numbersOf(
  engine: Engine,
  id: string,
  user: string,
  signal: AbortSignal,
): Promise<Owner> {
  const [name = '', group = ''] = user.split(':');
  if (name === '') return root;
  const entry = isNumber(name) && isNumber(group) ? undefined : await entryOf(engine, id, name, signal);
  const uid = isNumber(name) ? Number(name) : entry?.uid;
  if (uid === undefined) return root;
  return { uid, gid: isNumber(group) ? Number(group) : (entry?.gid ?? 0) };
}

const isNumber = (text: string): boolean => /^\d{1,7}$/.test(text);

/** A line of /etc/passwd, by name or number. */
async function entryOf(
  engine: Engine,
  id: string,
  user: string,
  signal: AbortSignal,
): Promise<Owner | undefined> {
  const list = await usersIn(engine, id, signal);
  for (const line of list.split('\n')) {
    const [name, , uid = '', gid = ''] = line.split(':');
    if ((name === user || uid === user) && isNumber(uid) && isNumber(gid)) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  return undefined;
}

async function usersIn(engine: Engine, id: string, signal: AbortSignal): Promise<string> {
  try {
    const query = { path: '/etc/passwd' };
    const stream = await engine.open('GET', `/containers/${id}/archive`, { query, signal });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_LIST) return '';
      chunks.push(chunk);
    }
    return firstOf(Buffer.concat(chunks))?.toString('utf8') ?? '';
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return '';
    throw error;
  }
}
