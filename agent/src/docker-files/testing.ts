import type { Scope } from '@serverkit/wire/scopes.ts';
import { createHash, randomBytes } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DockerService } from '../docker/service.ts';
import { unlimited } from '../docker/testing.ts';
import { silentLog } from '../log.ts';
import { createDockerFiles } from './docker-files.ts';
import type { FileEntry } from './entry.ts';
import type { FilePlace } from './place.ts';
import type { DockerFiles, FileRequest } from './service.ts';

/** Those of an agent of its own. Ends with its block, and leaves nothing but what a crash would. */
export function filesOf(
  docker: DockerService,
  {
    owner = `test-${randomBytes(6).toString('hex')}`,
    lookWithinMs = 12_000,
    stateDir = join(tmpdir(), owner),
    maxBytes = 2 ** 30,
  } = {},
): DockerFiles & AsyncDisposable {
  const files = createDockerFiles({
    docker,
    owner,
    own: { keyFile: join(stateDir, 'agent.key'), stateDir, stacks: join(stateDir, 'stacks') },
    uploads: { folder: join(stateDir, 'uploads'), maxBytes },
    lookWithinMs,
    log: silentLog,
  });
  return Object.assign(files, {
    async [Symbol.asyncDispose]() {
      await files.close();
      // A folder that the test made has more in it, and goes with the test.
      await rmdir(stateDir).catch(() => undefined);
    },
  });
}

export const volumePlace = (id: string): FilePlace => ({ kind: 'VOLUME', id });

export const containerPlace = (id: string): FilePlace => ({ kind: 'CONTAINER', id });

/** On behalf of somebody with these scopes, on a host that denies nothing but what is named. */
export function asking(
  place: FilePlace,
  path: string,
  {
    scopes = [],
    denied,
    signal = new AbortController().signal,
  }: { readonly scopes?: readonly Scope[]; readonly denied?: string; readonly signal?: AbortSignal } = {},
): FileRequest {
  const authority = { scopes: new Set<string>(scopes), deniesPath: (one: string) => one === denied };
  return { place, path, authority, signal };
}

/** Everything in a folder, page by page. */
export async function all(files: DockerFiles, request: FileRequest, first = 1000): Promise<FileEntry[]> {
  const items: FileEntry[] = [];
  for (let after: string | null = null; ;) {
    const page = await files.list(request, { first, after });
    items.push(...page.items);
    after = page.next;
    if (after === null) return items;
  }
}

/** A download to its end. */
export async function downloaded(files: DockerFiles, request: FileRequest, archive = false) {
  const pieces: Buffer[] = [];
  let name = '';
  for await (const { file, data } of files.download(request, archive, unlimited)) {
    name = file?.name ?? name;
    pieces.push(Buffer.from(data, 'base64'));
  }
  return { name, content: Buffer.concat(pieces) };
}

/** An upload from its beginning to its end, in pieces. */
export async function uploaded(
  files: DockerFiles,
  request: FileRequest,
  content: Buffer,
  { replace = false, piece = 64 * 1024 } = {},
) {
  const uploads = await files.uploads();
  const id = randomBytes(8).toString('hex');
  if (!(await uploads.open(request, { id, sizeBytes: content.length, replace, actor: 'usr_1' }))) return null;
  for (let at = 0; at < content.length; at += piece) {
    await uploads.write(id, at, content.subarray(at, at + piece));
  }
  return uploads.finish(id, createHash('sha256').update(content).digest('hex'), request);
}
