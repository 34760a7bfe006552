import { secretNames } from '@serverkit/wire/secret-references.ts';
import { array, number, object, text, texts } from '../docker/json.ts';
import { originOf } from './recreate.ts';
import { referencesOf } from './secrets.ts';
import { entered, inspect, type Work } from './work.ts';
import { revealed } from '../docker/environment.ts';

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** More than anybody reads, fewer than would fill a message. */
const MAX_ROWS = 5_000;

/** What runs in it, as ps tells it on the host. @throws AgentError CONFLICT when it does not run */
export async function processes(
  { docker: { engine, find } }: Work,
  reference: string,
): Promise<ProcessTable> {
  const { id } = await find(reference);
  const reply = object(
    await engine.get(`/containers/${id}/top`, { ps_args: '-eo user,pid,ppid,pcpu,pmem,etime,args' }),
  );
  return { titles: texts(reply['Titles']), rows: array(reply['Processes']).slice(0, MAX_ROWS).map(texts) };
}

export const fileChangeKinds = ['ADDED', 'DELETED', 'MODIFIED'] as const;

export interface FileChange {
  readonly path: string;
  readonly kind: (typeof fileChangeKinds)[number];
}

export interface FileChanges {
  readonly total: number;
  readonly items: readonly FileChange[];
}

/** Of GET /containers/{id}/changes. */
const kinds: Readonly<Record<number, FileChange['kind']>> = { 0: 'MODIFIED', 1: 'ADDED', 2: 'DELETED' };
const MAX_CHANGES = 10_000;

/** Files that differ from those of its image, by path. */
export async function changedFiles(
  { docker: { engine, find } }: Work,
  reference: string,
): Promise<FileChanges> {
  const { id } = await find(reference);
  const all = array(await engine.get(`/containers/${id}/changes`)).map(object);
  const items = all.flatMap((change): FileChange[] => {
    const kind = kinds[number(change['Kind']) ?? -1];
    return kind ? [{ path: text(change['Path']), kind }] : [];
  });
  return {
    total: items.length,
    items: items.toSorted((a, b) => (a.path < b.path ? -1 : 1)).slice(0, MAX_CHANGES),
  };
}

/** The secrets that it was given, by name: what making it again takes. */
export async function secretsIn(
  { docker: { engine, find } }: Work,
  reference: string,
): Promise<readonly string[]> {
  const { id } = await find(reference);
  return secretNames(referencesOf(await originOf(engine, await inspect(engine, id))));
}

/** Every variable with its value, but those that came from secrets. */
export async function environment(work: Work, reference: string) {
  const { inspected } = await entered(work, reference, 'Revealing the variables of');
  return revealed(inspected);
}
