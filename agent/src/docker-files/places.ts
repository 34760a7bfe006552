import { array, object, text, type JsonObject } from '../docker/json.ts';
import { absolute } from '../docker/privilege/judge.ts';
import { allow, createGuard, type Authority, type Verdict } from '../docker/privilege/guard.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { OpenPlace } from './archive.ts';
import { helperMount, type Helpers } from './helpers.ts';
import type { FilePlace } from './place.ts';

export interface PlaceRequest {
  readonly place: FilePlace;
  readonly authority: Authority;
  readonly signal: AbortSignal;
  /** @default false */
  readonly writes?: boolean;
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

export interface PlacesOptions {
  readonly docker: Pick<DockerService, 'engine' | 'find'>;
  readonly helpers: Pick<Helpers, 'open'>;
  /** Whether a path of the host opens what is the agent's alone. */
  readonly exposesOwn: (path: string) => boolean;
}

export function createPlaces({ docker: { engine, find }, helpers, exposesOwn }: PlacesOptions): Places {
  const guard = createGuard(engine);

  /** @throws AgentError */
  function judge(verdict: Verdict, paths: readonly string[], authority: Authority, deed: string): void {
    allow(verdict, authority, deed);
    const own = paths.find(exposesOwn);
    if (own === undefined) return;
    throw new AgentError(
      'POLICY_DENIED',
      `${deed} would open ${own}, where this agent has its key or its state.`,
    );
  }

  /**
   * Through a container that reaches beyond itself its files are those of this server, so it takes what entering it takes.
   */
  async function container({ place, authority, writes }: PlaceRequest): Promise<Opened> {
    const { id, name } = await find(place.id);
    const inspect = object(await engine.get(`/containers/${id}/json`));
    judge(await guard.container(inspect), mountsOf(inspect), authority, `${deedOf(writes)} files of ${name}`);
    return {
      engine,
      containerId: text(id),
      root: '',
      memory: memoryOf(inspect),
      mounts: [...destinationsOf(inspect), ...ofTheEngine],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** To mount what a volume stands for takes the same right as for a container that has it. */
  async function volume({ place: { id }, authority, signal, writes = false }: PlaceRequest): Promise<Opened> {
    if (!volumeName.test(id)) throw new AgentError('INPUT_INVALID', 'This is no name of a volume.');
    // The engine makes a volume that is mounted and not there.
    await engine.get(`/volumes/${encodeURIComponent(id)}`);
    const mounted = { HostConfig: { Mounts: [{ Type: 'volume', Source: id, Target: helperMount }] } };
    const verdict = await guard.request(mounted);
    judge(verdict, verdict.paths, authority, `${deedOf(writes)} files of the volume ${id}`);
    throwIfAborted(signal);
    const helper = await helpers.open(id, { writes });
    return {
      engine,
      containerId: helper.id,
      root: helperMount,
      memory: [],
      mounts: [],
      [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
    };
  }

  return { open: (request) => (request.place.kind === 'CONTAINER' ? container(request) : volume(request)) };
}

const deedOf = (writes = false): string => (writes ? 'Writing' : 'Reading');

/** Where its mounts come from. Its files as the engine shows them hold nothing else of the host. */
function mountsOf(inspect: JsonObject): string[] {
  return absolute(array(inspect['Mounts']).map((mount) => object(mount)['Source']));
}

/** Files that the engine puts into every container. */
const ofTheEngine = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

function destinationsOf(inspect: JsonObject): string[] {
  const mounts = array(inspect['Mounts']).map((mount) => text(object(mount)['Destination']));
  return mounts.map((one) => one.replace(/(?<=.)\/+$/, '')).filter((one) => one.startsWith('/'));
}

/** The kernel's own, and those that were asked for. */
function memoryOf(inspect: JsonObject): string[] {
  const asked = Object.keys(object(object(inspect['HostConfig'])['Tmpfs']));
  const mounts = array(inspect['Mounts']).map(object);
  const mounted = mounts
    .filter(({ Type: type }) => type === 'tmpfs')
    .map((mount) => text(mount['Destination']));
  return ['/proc', '/sys', '/dev', ...asked, ...mounted].map((one) => one.replace(/(?<=.)\/+$/, ''));
}
