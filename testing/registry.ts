import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { testImages } from './images.ts';
import { run, startProcess } from './processes.ts';
import { tempDir } from './tmp.ts';

/** A real registry of a test's own, on a port of its own. Nothing of it is left afterwards. */
export interface Registry extends AsyncDisposable {
  /** Host and port, as in the references of its images. */
  readonly address: string;
  /** Where it wants a password. */
  readonly credentials: RegistryCredentials | undefined;
  /**
   * Puts an image of the local engine into it, by the docker command, and takes the local name away again.
   *
   * @param name - without the registry: `team/web:1`
   * @returns the whole reference
   */
  push(image: string, name: string): Promise<string>;
  /** Lets a tag of a repository name what another one does, as a release of something newer would. */
  retag(repository: string, from: string, to: string): Promise<void>;
  /** The docker command, signed in where there is a password. */
  docker(...args: readonly string[]): Promise<string>;
  /**
   * From now on layers trickle that come from the registry. (Not nothing at all: an engine notices only with the next few KB
   * that nobody wants a layer any more.)
   *
   * @param repository - only those of this one, `team/web`, but on their way there as well
   * @returns lets them go on
   */
  hold(repository?: string): () => void;
  /** Downloads of layers that are open. */
  readonly downloads: number;
  /** Downloads and uploads of a repository's layers that are open. */
  transfers(repository: string): number;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

export interface RegistryOptions {
  /** Nobody gets in without. */
  readonly credentials?: RegistryCredentials;
}

/** Starts Debian's docker-registry behind a door that a test can hold shut. */
export async function registry({ credentials }: RegistryOptions = {}): Promise<Registry> {
  await using undo = new AsyncDisposableStack();
  const dir = undo.use(await tempDir('sk-registry-'));
  await mkdir(dir.file('docker'));
  await writeFile(dir.file('config.yml'), await configOf(dir.path, credentials));
  const server = undo.use(
    startProcess('docker-registry', ['serve', dir.file('config.yml')], { grace: 2_000 }),
  );
  const [, port = ''] = await server.match(/listening on 127\.0\.0\.1:(\d+)/);
  const door = openDoor(Number(port));
  undo.defer(() => door.close());
  const address = `127.0.0.1:${await door.listen()}`;
  if (credentials) await writeFile(dir.file('docker', 'config.json'), dockerConfig(address, credentials));
  const docker = (...args: readonly string[]): Promise<string> =>
    run('docker', ['--config', dir.file('docker'), ...args]);
  const owned = undo.move();
  return {
    address,
    credentials,
    docker,
    async push(image, name) {
      const reference = `${address}/${name}`;
      await docker('tag', image, reference);
      try {
        await docker('push', '--quiet', reference);
      } finally {
        await docker('rmi', reference);
      }
      return reference;
    },
    async retag(repository, from, to) {
      const manifests = `http://${address}/v2/${repository}/manifests`;
      const type = 'application/vnd.docker.distribution.manifest.v2+json';
      const found = await fetch(`${manifests}/${from}`, { headers: { accept: type } });
      const body = await found.text();
      const put = await fetch(`${manifests}/${to}`, {
        method: 'PUT',
        headers: { 'content-type': type },
        body,
      });
      if (!found.ok || !put.ok) throw new Error(`the registry answered ${found.status} and ${put.status}`);
    },
    hold: (repository) => door.hold(repository),
    get downloads() {
      return door.downloads;
    },
    transfers: (repository) => door.transfers(repository),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** An image of the local engine with a layer of 300 KB that nothing else has, so that it has to be downloaded. */
export async function freshImage(): Promise<string> {
  const name = `sk-fresh-${randomBytes(6).toString('hex')}:1`;
  const script = 'head -c 300000 /dev/urandom > /data';
  const container = (await run('docker', ['create', testImages.busybox, 'sh', '-c', script])).trim();
  try {
    await run('docker', ['start', '--attach', container]);
    await run('docker', ['commit', container, name]);
  } finally {
    await run('docker', ['rm', '--force', container]);
  }
  return name;
}

/**
 * Takes away what was fetched from one of its repositories, each an image of the test's own: one whose tag went to another
 * is still here by its digest.
 */
export async function removeFetched(
  { address }: Pick<Registry, 'address'>,
  repository: string,
): Promise<void> {
  const ids = await run('docker', ['images', '--quiet', '--no-trunc', `${address}/${repository}`]);
  for (const id of new Set(ids.split('\n').filter(Boolean))) await run('docker', ['rmi', '--force', id]);
}

async function configOf(folder: string, credentials: RegistryCredentials | undefined): Promise<string> {
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: `${folder}/data` }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', relativeurls: true },
    ...(credentials && { auth: { htpasswd: { realm: 'test', path: `${folder}/htpasswd` } } }),
  };
  if (credentials) {
    const { username, password } = credentials;
    await writeFile(`${folder}/htpasswd`, await run('htpasswd', ['-Bbn', username, password]));
  }
  return JSON.stringify(config);
}

function dockerConfig(address: string, { username, password }: RegistryCredentials): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [address]: { auth } } });
}

interface Door {
  listen(): Promise<number>;
  close(): Promise<void>;
  hold(repository?: string): () => void;
  readonly downloads: number;
  transfers(repository: string): number;
}

/** What a layer that is held gets, and how often (ms): a fresh image's takes a minute, so that it can be looked at. */
const trickleBytes = 1024;
const trickleMs = 200;

const isDownload = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && /^\/v2\/.+\/blobs\//.test(url ?? '');
const isUpload = ({ method, url }: IncomingMessage): boolean =>
  method === 'PATCH' && /^\/v2\/.+\/blobs\/uploads\//.test(url ?? '');

const isOf = ({ url = '' }: IncomingMessage, repository: string): boolean =>
  url.startsWith(`/v2/${repository}/`);

/** Passes everything on to the registry and back; layers as slowly as a test wants. */
function openDoor(port: number): Door {
  const open = new Map<Writable, IncomingMessage>();
  /** One for each time that layers were held: what was let go stays so, whoever holds the next. */
  let held: { shut: boolean; readonly repository: string | undefined }[] = [];

  async function passOn(asked: IncomingMessage, from: IncomingMessage, to: Writable): Promise<void> {
    open.set(to, asked);
    to.once('close', () => {
      open.delete(to);
      if (!from.readableEnded) from.destroy();
    });
    const door = held.find(({ repository }) =>
      repository === undefined ? isDownload(asked) : isOf(asked, repository),
    );
    for await (const part of from) {
      if (!Buffer.isBuffer(part)) continue;
      const chunk: Buffer = part;
      let sent = 0;
      for (; door?.shut && sent < chunk.length && !to.destroyed; sent += trickleBytes) {
        to.write(chunk.subarray(sent, sent + trickleBytes));
        await delay(trickleMs);
      }
      if (!to.write(chunk.subarray(sent))) await once(to, 'drain');
    }
    to.end();
  }

  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (isDownload(incoming)) passOn(incoming, answer, response).catch(() => response.destroy());
      else answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    if (isUpload(incoming)) passOn(incoming, incoming, onward).catch(() => onward.destroy());
    else incoming.pipe(onward);
  });

  return {
    async listen() {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (typeof address !== 'object' || address === null) throw new Error('no port');
      return address.port;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    hold(repository) {
      const door = { shut: true, repository };
      held = [door, ...held];
      return () => {
        door.shut = false;
        held = held.filter((one) => one !== door);
      };
    },
    get downloads() {
      return [...open.values()].filter(isDownload).length;
    },
    transfers: (repository) => [...open.values()].filter((asked) => isOf(asked, repository)).length,
  };
}
