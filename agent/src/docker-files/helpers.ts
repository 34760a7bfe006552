import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { filters } from '../docker/engine.ts';
import { array, object, parse, text } from '../docker/json.ts';
import { ownLabel } from '../docker/own.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError, describe } from '../errors.ts';
import type { Log } from '../log.ts';

/** Where a volume is in its helper. */
export const helperMount = '/volume';
/** The engine may be busy, or not there yet. Ms. */
const SWEEP_AGAIN = 2_000;
/** An archive with nothing in it (POSIX.1-2001, ustar). */
const emptyArchive = Buffer.alloc(1024);

export interface HelperOptions {
  readonly docker: Pick<DockerService, 'engine' | 'facts'>;
  /** Names this agent among others on the engine. */
  readonly owner: string;
  readonly log: Log;
}

/**
 * Containers that are never started and have a volume, so that the engine's archives reach its files: nobody has to use the
 * volume for that. They are made of an image with nothing in it, and shown nowhere.
 */
export interface Helpers {
  /** @param options.writes - whether files are put into it @throws AgentError */
  open(
    volume: string,
    options: { readonly writes: boolean },
  ): Promise<{ readonly id: string } & AsyncDisposable>;
  /** Removes the image as well; the next start makes another. Never throws. */
  close(): Promise<void>;
}

/** Begins with removing what an agent before this one left. */
export function createHelpers({ docker, owner, log }: HelperOptions): Helpers {
  const { engine } = docker;
  const open = new Set<string>();
  let image: Promise<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let making = 0;
  let closed = false;

  async function makeImage(): Promise<string> {
    const stream = await engine.open('POST', '/images/create', {
      query: { fromSrc: '-', changes: `LABEL ${ownLabel}=${owner}` },
      body: Readable.from([emptyArchive]),
      signal: AbortSignal.timeout(30_000),
    });
    const told = text(object(parse((await buffer(stream)).toString('utf8').trim()))['status']);
    if (!/^sha256:[0-9a-f]{64}$/.test(told)) {
      throw new AgentError('DOCKER_ERROR', 'Docker did not make the empty image that volumes are read with.');
    }
    return told;
  }

  async function make(volume: string, writes: boolean): Promise<string> {
    image ??= makeImage();
    const answer = object(
      await engine.call('POST', '/containers/create', {
        query: { name: `serverkit-files-${randomBytes(6).toString('hex')}` },
        body: {
          Image: await image,
          Cmd: ['none'],
          Labels: { [ownLabel]: owner },
          HostConfig: {
            NetworkMode: 'none',
            Mounts: [
              {
                Type: 'volume',
                Source: volume,
                Target: helperMount,
                ReadOnly: !writes,
                VolumeOptions: { NoCopy: true },
              },
            ],
          },
        },
      }),
    );
    return text(answer['Id']);
  }

  async function made(volume: string, writes: boolean): Promise<string> {
    making += 1;
    try {
      return known(await make(volume, writes));
    } catch (error) {
      // Somebody may have removed the image.
      if (image === undefined || !(error instanceof AgentError) || error.code !== 'NOT_FOUND') {
        image = undefined;
        throw error;
      }
      image = undefined;
      return known(await make(volume, writes));
    } finally {
      making -= 1;
    }
  }

  function known(id: string): string {
    open.add(id);
    return id;
  }

  async function remove(id: string): Promise<void> {
    try {
      await engine.delete(`/containers/${id}`, { force: true });
    } catch (error) {
      if (error instanceof AgentError && error.code === 'NOT_FOUND') return;
      log.warn('a helper for a volume stays for now', { reason: describe(error) });
      later();
    }
  }

  /** What is this agent's and not in use. @throws AgentError */
  async function sweep(): Promise<void> {
    const mine = filters({ label: [`${ownLabel}=${owner}`] });
    // A helper is never started: what was has the label from its image.
    const unstarted = filters({ label: [`${ownLabel}=${owner}`], status: ['created'] });
    const ids = array(await engine.get('/containers/json', { all: true, ...unstarted })).map((entry) =>
      text(object(entry)['Id']),
    );
    // One that is being made is not known to be in use yet.
    if (making > 0) return later();
    for (const id of ids) if (!open.has(id)) await engine.delete(`/containers/${id}`, { force: true });
    if (image !== undefined) return;
    const images = array(await engine.get('/images/json', { all: true, ...mine }));
    for (const entry of images) await engine.delete(`/images/${text(object(entry)['Id'])}`);
  }

  function later(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      begin();
    }, SWEEP_AGAIN).unref();
  }

  /** An engine that was stopped is not knocked at: the knock may start it. */
  function begin(): void {
    if (docker.facts().available) sweep().catch(later);
    else later();
  }

  begin();

  return {
    async open(volume, { writes }) {
      const id = await made(volume, writes);
      return {
        id,
        async [Symbol.asyncDispose]() {
          open.delete(id);
          await remove(id);
        },
      };
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      if (image === undefined) return;
      await image.then((id) => engine.delete(`/images/${id}`)).catch(() => undefined);
    },
  };
}
