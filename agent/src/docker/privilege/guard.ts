import { AgentError } from '../../errors.ts';
import { mayLook } from '../../policy.ts';
import type { Engine } from '../engine.ts';
import { array, object, text, type JsonObject } from '../json.ts';
import {
  absolute,
  devicesOf,
  hostPathsOf,
  judgeInspect,
  judgeRequest,
  networksOf,
  sharedFrom,
  volumesOf,
} from './judge.ts';
import { volumeProblem } from './mounts.ts';
import type { EngineDefaults, Outside } from './outside.ts';

/** On whose behalf something is done: what the operation was authorised with, and this host's own word. */
export interface Authority {
  readonly scopes: ReadonlySet<string>;
  /** Of the policy; stands above every scope. */
  deniesPath(path: string): boolean;
}

/** What a container may reach beyond itself, and the paths of the host that are among it. */
export interface Verdict {
  readonly outside: readonly Outside[];
  readonly paths: readonly string[];
}

const scope = 'docker:containers:privileged';
/** Networks of containers alone, and one that is not there yet; others are on the host's own (macvlan, ipvlan), or a plugin's. */
const ownNetworks: ReadonlySet<string> = new Set(['', 'bridge', 'overlay', 'null']);

/**
 * The one check of privilege for everything that makes or enters a container: create, recreate, duplicate, stacks, and
 * exec, copies, commits and updates of those that are there.
 */
export interface Guard {
  /** @param body - of POST /containers/create, all of it */
  request(body: JsonObject): Promise<Verdict>;
  /** @param inspect - the reply of GET /containers/{id}/json */
  container(inspect: JsonObject): Promise<Verdict>;
}

export function createGuard(engine: Pick<Engine, 'get'>): Guard {
  /** Null when there is none of this name. */
  async function find(address: string): Promise<JsonObject | null> {
    try {
      return object(await engine.get(address));
    } catch (error) {
      if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  /** A volume that somebody else made may be a folder of the host under a harmless name. */
  async function volumes(body: JsonObject): Promise<Verdict> {
    const found = await Promise.all(
      volumesOf(body).map((name) => find(`/volumes/${encodeURIComponent(name)}`)),
    );
    const known = found.filter((volume) => volume !== null);
    return {
      outside: known.flatMap(({ Name: name, Driver: driver, Options: options }) => {
        const why = volumeProblem(driver, options);
        return why === undefined ? [] : [{ option: `volume ${text(name)}`, why }];
      }),
      paths: absolute([
        ...known.map((volume) => volume['Mountpoint']),
        ...known.flatMap((volume) => devicesOf(volume['Options'])),
      ]),
    };
  }

  /** The network of the host has an id as well, and engines differ in what they make of it. */
  async function networks(body: JsonObject): Promise<Outside[]> {
    const found = await Promise.all(
      networksOf(body)
        .filter((name) => name !== 'host' && !name.includes(':'))
        .map((name) => find(`/networks/${encodeURIComponent(name)}`)),
    );
    return found.flatMap((network) => {
      const driver = text(network?.['Driver']);
      if (ownNetworks.has(driver)) return [];
      const why =
        driver === 'host'
          ? "has the host's network instead of its own"
          : 'joins a network that is more than one of containers';
      return [{ option: 'HostConfig.NetworkMode', why }];
    });
  }

  /** The mounts of other containers that it gets. */
  async function shared(body: JsonObject): Promise<string[]> {
    const found = await Promise.all(
      sharedFrom(body).map((name) => find(`/containers/${encodeURIComponent(name)}/json`)),
    );
    const mounts = found.flatMap((container) => array(container?.['Mounts']).map(object));
    return absolute(mounts.map((mount) => mount['Source']));
  }

  async function complete(
    body: JsonObject,
    outside: (defaults: EngineDefaults) => Outside[],
  ): Promise<Verdict> {
    const [info, mounted, joined, others] = await Promise.all([
      engine.get('/info'),
      volumes(body),
      networks(body),
      shared(body),
    ]);
    return {
      outside: [...outside(defaultsOf(object(info))), ...mounted.outside, ...joined],
      paths: [...hostPathsOf(body), ...mounted.paths, ...others].map((one) =>
        asFarAsSeen(one, text(object(info)['DockerRootDir'])),
      ),
    };
  }

  return {
    request: (body) => complete(body, (defaults) => judgeRequest(body, defaults)),
    container: (inspect) => complete(inspect, (defaults) => judgeInspect(inspect, defaults)),
  };
}

/**
 * Where the engine itself has a volume leads nowhere else, and accounts other than root's may not look there: it is judged
 * by where the root is. What is in the volume may be a link to anywhere.
 */
function asFarAsSeen(one: string, root: string): string {
  const folder = `${root}/volumes/`;
  const [name = '', data, ...deeper] = one.startsWith(folder) ? one.slice(folder.length).split('/') : [];
  const isVolume = root !== '' && !/^\.*$/.test(name) && data === '_data' && deeper.length === 0;
  return isVolume && !mayLook(one) ? root : one;
}

/**
 * Lets it pass, or says what stands against it.
 *
 * @param deed - as it begins a sentence: "Creating this container"
 * @throws AgentError POLICY_DENIED for a path that this host denies whatever the scopes, PRIVILEGE_NEEDED
 */
export function allow({ outside, paths }: Verdict, authority: Authority, deed: string): void {
  const denied = paths.find((one) => authority.deniesPath(one));
  if (denied !== undefined) {
    throw new AgentError(
      'POLICY_DENIED',
      `${deed} would open ${denied}, which this agent's own configuration denies.`,
    );
  }
  if (outside.length === 0 || authority.scopes.has(scope)) return;
  const reasons = outside.slice(0, 8).map(({ option, why }) => `${option} ${why}`);
  const more = outside.length > reasons.length ? `; and ${outside.length - reasons.length} more` : '';
  throw new AgentError('PRIVILEGE_NEEDED', `${deed} needs the scope ${scope}: ${reasons.join('; ')}${more}.`);
}

/** Out of the reply of GET /info. */
export function defaultsOf(info: JsonObject): EngineDefaults {
  return {
    runtime: text(info['DefaultRuntime']),
    logDriver: text(info['LoggingDriver']),
    // Said since 20.10; before, and with control groups of version 1, there is only the host's.
    cgroupNamespace: array(info['SecurityOptions']).some((one) => /^name=cgroupns\b/.test(text(one)))
      ? 'private'
      : 'host',
  };
}
