import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import path from 'node:path';
import { extract, pack } from 'tar-stream';
import type { Engine } from '../docker/engine.ts';
import { AgentError } from '../errors.ts';
import type { OpenPlace } from './archive.ts';

export interface OneFolderOptions {
  /** Whether a file may have several names on its file system. */
  readonly links: boolean;
  /** Called when all of an archive that holds something came, before it is answered. */
  readonly unpacked?: () => Promise<void>;
  /** Called when a file is read. */
  readonly reading?: () => void;
  /** What an archive says of each file besides. */
  readonly pax?: Readonly<Record<string, string>>;
}

/**
 * A place with one folder, `/`, unpacked to as Docker does it (moby, archive.Unpack): what has the name of an entry is removed
 * before the entry is made, and the first that fails ends it.
 */
export function oneFolder(options: OneFolderOptions): OpenPlace & { readonly files: Map<string, string> } {
  const files = new Map<string, string>();

  async function unpack(body: Readable): Promise<void> {
    const parser = extract();
    body.pipe(parser);
    let empty = true;
    for await (const entry of parser) {
      const { name, type, linkname } = entry.header;
      empty = false;
      files.delete(name);
      if (type === 'file') files.set(name, (await buffer(entry)).toString());
      else if (type !== 'link') throw refused('unhandled tar header type');
      else if (!options.links) throw refused(`link ${linkname ?? ''} ${name}: operation not permitted`);
      else files.set(name, files.get(path.posix.normalize(linkname ?? '')) ?? '');
      entry.resume();
    }
    if (!empty) await options.unpacked?.();
  }

  function head(_path: string, query: object = {}) {
    const name = 'path' in query ? String(query.path).slice(1) : '';
    if (name !== '' && !files.has(name)) return Promise.reject(new AgentError('NOT_FOUND', 'nothing there'));
    const stat = { name, mode: name === '' ? 2 ** 31 : 0o644, size: 0, linkTarget: '' };
    const told = Buffer.from(JSON.stringify(stat)).toString('base64');
    return Promise.resolve({ 'x-docker-container-path-stat': told });
  }

  const engine: Pick<Engine, 'head' | 'stream' | 'open' | 'call'> = {
    head,
    stream(_path, { path: asked }) {
      options.reading?.();
      const packer = pack();
      const { pax } = options;
      packer.entry({ name: String(asked).slice(1) || './', uid: 1, gid: 2, mode: 0o640, pax }, '');
      packer.finalize();
      return Promise.resolve(Readable.from(packer, { objectMode: false }));
    },
    async open(_method, _path, { body, signal }) {
      if (!(body instanceof Readable)) throw new TypeError('an archive is a stream');
      // Whoever waits for the answer leaves at once; the engine goes on with what it has.
      await Promise.race([
        unpack(body),
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
      ]);
      return Readable.from([]);
    },
    async call(_method, _path, { body } = {}) {
      if (!(body instanceof Readable)) throw new TypeError('an archive is a stream');
      await unpack(body);
      return null;
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is asked
  return { engine: engine as Engine, containerId: 'box', root: '', memory: [], mounts: [], files };
}

function refused(message: string): AgentError {
  return new AgentError('DOCKER_ERROR', message);
}
