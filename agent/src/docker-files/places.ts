import { object, text } from '../docker/json.ts';
import { allow, createGuard, type Authority } from '../docker/privilege/guard.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { OpenPlace } from './archive.ts';
import { helperMount, type Helpers } from './helpers.ts';
import type { FilePlace } from './place.ts';

export interface PlaceRequest {
  readonly place: FilePlace;
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

/** A place until it is disposed of. */
export type Opened = OpenPlace & AsyncDisposable;

/** Opens the files of containers and volumes. */
export interface Places {
  /** @throws AgentError NOT_FOUND, CONFLICT, PRIVILEGE_NEEDED, POLICY_DENIED */
  open(request: PlaceRequest): Promise<Opened>;
}

/** The engine's own rule (moby, volume/names). */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;

export function createPlaces(
  { engine, find }: Pick<DockerService, 'engine' | 'find'>,
  helpers: Pick<Helpers, 'open'>,
): Places {
  const guard = createGuard(engine);

  /**
   * To read what a container has is no more than to read files of this server, so only the paths that this host denies stand
   * against it.
   */
  async function container({ place, authority }: PlaceRequest): Promise<Opened> {
    const { id, name } = await find(place.id);
    const verdict = await guard.container(object(await engine.get(`/containers/${id}/json`)));
    allow({ ...verdict, outside: [] }, authority, `Reading files of ${name}`);
    return { engine, containerId: text(id), root: '', [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  /** To mount what a volume stands for takes the same right as for a container that has it. */
  async function volume({ place: { id }, authority, signal }: PlaceRequest): Promise<Opened> {
    if (!volumeName.test(id)) throw new AgentError('INPUT_INVALID', 'This is no name of a volume.');
    // The engine makes a volume that is mounted and not there.
    await engine.get(`/volumes/${encodeURIComponent(id)}`);
    const mounted = { HostConfig: { Mounts: [{ Type: 'volume', Source: id, Target: helperMount }] } };
    allow(await guard.request(mounted), authority, `Reading files of the volume ${id}`);
    throwIfAborted(signal);
    const helper = await helpers.open(id);
    return {
      engine,
      containerId: helper.id,
      root: helperMount,
      [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
    };
  }

  return { open: (request) => (request.place.kind === 'CONTAINER' ? container(request) : volume(request)) };
}
