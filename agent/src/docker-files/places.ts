import { object, text } from '../docker/json.ts';
import { allow, createGuard, type Authority } from '../docker/privilege/guard.ts';
import type { DockerService } from '../docker/service.ts';
import type { OpenPlace } from './archive.ts';
import type { FilePlace } from './place.ts';

export type Access = 'READ' | 'WRITE';

export interface PlaceRequest {
  readonly place: FilePlace;
  readonly access: Access;
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

/** A place until it is disposed of. */
export type Opened = OpenPlace & AsyncDisposable;

/** Opens the files of containers. */
export interface Places {
  /** @throws AgentError NOT_FOUND, CONFLICT, PRIVILEGE_NEEDED, POLICY_DENIED */
  open(request: PlaceRequest): Promise<Opened>;
}

export function createPlaces({ engine, find }: Pick<DockerService, 'engine' | 'find'>): Places {
  const guard = createGuard(engine);

  /**
   * To read what a container has is no more than to read files of this server, so only the paths that this host denies stand
   * against it; to write into one that reaches beyond itself takes the same right as to make it.
   */
  async function container({ place, access, authority }: PlaceRequest): Promise<Opened> {
    const { id, name } = await find(place.id);
    const verdict = await guard.container(object(await engine.get(`/containers/${id}/json`)));
    if (access === 'READ') allow({ ...verdict, outside: [] }, authority, `Reading files of ${name}`);
    else allow(verdict, authority, `Writing files of ${name}`);
    return { engine, containerId: text(id), root: '', [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  return { open: (request) => container(request) };
}
