import { array, object, text, texts, type JsonObject } from '../docker/json.ts';
import { defaultsOf } from '../docker/privilege/guard.ts';
import type { Rules } from '../docker/privilege/outside.ts';
import { configRules, hostRules } from '../docker/privilege/rules.ts';
import { isNothing } from '../docker/privilege/values.ts';
import type { CreateRequest } from './request.ts';

/** What a container was made of: itself and its image, as the engine describes them, and the engine. */
export interface Origin {
  readonly inspected: JsonObject;
  /** Null when it is gone: then nothing can be told apart, and all of it is kept. */
  readonly image: JsonObject | null;
  readonly info: JsonObject;
}

export interface KeepOptions {
  /** The image that the next one is made of. */
  readonly image: string;
  /** Its files in volumes without a name as well: for the one that takes its place, not for one beside it. */
  readonly anonymousVolumes: boolean;
  /** Names and addresses in its networks, and its part in a stack: only one can have them. */
  readonly place: boolean;
  readonly publishedPorts: boolean;
}

/**
 * What makes another container like this one. Only what somebody chose for it is kept: what came with its image follows
 * the next image, and what the engine filled in is left to the engine.
 */
export function requestLike(origin: Origin, options: KeepOptions): CreateRequest {
  const [main, ...others] = networksOf(origin.inspected, options);
  const body = {
    ...configOf(origin, options),
    HostConfig: hostConfigOf(origin, options),
    ...(main && { NetworkingConfig: { EndpointsConfig: { [main.network]: main.endpoint } } }),
  };
  return { body, later: others };
}

/** Settings that an image gives to containers that say nothing else. */
const whole = ['Entrypoint', 'User', 'WorkingDir', 'StopSignal', 'Shell', 'Healthcheck'] as const;
const keyed = ['Labels', 'ExposedPorts', 'Volumes'] as const;

function configOf({ inspected, image }: Origin, { image: next, place }: KeepOptions): JsonObject {
  const own = object(inspected['Config']);
  const given = object(object(image)['Config']);
  const chosen: Record<string, unknown> = { ...said(own, configRules), Image: next };
  delete chosen['OnBuild'];
  for (const key of whole) if (same(own[key], given[key])) delete chosen[key];
  // An entry point of its own has only the arguments it was given: the image's went with the image's.
  if (!('Entrypoint' in chosen) && same(own['Cmd'], given['Cmd'])) delete chosen['Cmd'];
  for (const key of keyed) chosen[key] = without(object(own[key]), object(given[key]));
  // The engine publishes only what is exposed, and the next image may expose something else.
  const published = Object.keys(object(object(inspected['HostConfig'])['PortBindings'])).map((port) => [
    port,
    {},
  ]);
  chosen['ExposedPorts'] = { ...object(chosen['ExposedPorts']), ...Object.fromEntries(published) };
  const inherited = new Set(texts(given['Env']));
  chosen['Env'] = array(own['Env']).filter(
    (variable) => typeof variable === 'string' && !inherited.has(variable),
  );
  const mode = text(object(inspected['HostConfig'])['NetworkMode']);
  if (!place) {
    delete chosen['MacAddress'];
    chosen['Labels'] = Object.fromEntries(
      Object.entries(object(chosen['Labels'])).filter(([key]) => !key.startsWith('com.docker.compose.')),
    );
  }
  // Named after its id, or after the host.
  if (text(inspected['Id']).startsWith(text(own['Hostname'])) || mode === 'host') delete chosen['Hostname'];
  if (mode.startsWith('container:')) {
    for (const key of ['Hostname', 'Domainname', 'ExposedPorts', 'MacAddress']) delete chosen[key];
  }
  return chosen;
}

function hostConfigOf({ inspected, info }: Origin, options: KeepOptions): JsonObject {
  const chosen: Record<string, unknown> = said(object(inspected['HostConfig']), hostRules);
  const { runtime, cgroupNamespace } = defaultsOf(info);
  for (const key of ['ContainerIDFile', 'ConsoleSize', 'Isolation']) delete chosen[key];
  if (chosen['Runtime'] === runtime) delete chosen['Runtime'];
  if (chosen['CgroupnsMode'] === cgroupNamespace) delete chosen['CgroupnsMode'];
  // Filled in by the engine, which may know of more by now; only "none" is ever chosen.
  for (const key of ['MaskedPaths', 'ReadonlyPaths']) if (array(chosen[key]).length > 0) delete chosen[key];
  const log = object(chosen['LogConfig']);
  if (log['Type'] === info['LoggingDriver'] && Object.keys(object(log['Config'])).length === 0)
    delete chosen['LogConfig'];
  if (!options.publishedPorts) {
    delete chosen['PortBindings'];
    delete chosen['PublishAllPorts'];
  }
  if (options.anonymousVolumes) keepAnonymousVolumes(chosen, inspected);
  return chosen;
}

/** Volumes without a name are found by where they are mounted, and named from now on. */
function keepAnonymousVolumes(host: Record<string, unknown>, inspected: JsonObject): void {
  const mounted = new Map(
    array(inspected['Mounts'])
      .map(object)
      .filter(({ Type: type }) => type === 'volume')
      .map((mount) => [text(mount['Destination']), mount]),
  );
  const mounts = array(host['Mounts']).map((given): JsonObject => {
    const mount = object(given);
    const found = mounted.get(text(mount['Target']));
    return mount['Type'] === 'volume' && !mount['Source'] && found
      ? Object.assign({}, mount, { Source: found['Name'] })
      : mount;
  });
  const binds = texts(host['Binds']).filter((bind) => bind.includes(':'));
  const targets = new Set([
    ...mounts.map((mount) => text(mount['Target'])),
    ...binds.map((bind) => bind.split(':')[1]),
  ]);
  const anonymous = [...mounted].filter(([target]) => !targets.has(target));
  host['Mounts'] = mounts;
  host['Binds'] = [...binds, ...anonymous.map(([target, mount]) => `${text(mount['Name'])}:${target}`)];
}

interface Joined {
  readonly network: string;
  readonly endpoint: JsonObject;
}

/** Its main network first. */
function networksOf(inspected: JsonObject, { place }: KeepOptions): Joined[] {
  const id = text(inspected['Id']);
  const mode = text(object(inspected['HostConfig'])['NetworkMode']);
  // The engine's own has no names to keep, and these are none.
  if (mode === 'host' || mode === 'none' || mode.startsWith('container:')) return [];
  const networks = Object.entries(object(object(inspected['NetworkSettings'])['Networks']));
  return networks
    .map(([network, given]): Joined => {
      const endpoint = object(given);
      const aliases = texts(endpoint['Aliases']).filter((alias) => !id.startsWith(alias));
      return {
        network,
        endpoint: {
          ...(place && aliases.length > 0 && network !== 'bridge' && { Aliases: aliases }),
          ...(array(endpoint['Links']).length > 0 && { Links: endpoint['Links'] }),
          ...(endpoint['DriverOpts'] ? { DriverOpts: endpoint['DriverOpts'] } : {}),
          ...(place && endpoint['IPAMConfig'] ? { IPAMConfig: endpoint['IPAMConfig'] } : {}),
        },
      };
    })
    .toSorted((a, b) => Number(b.network === mode) - Number(a.network === mode));
}

/** What an engine prints and nobody said: nothing at all, or nothing of an option that we do not know. */
function said(given: JsonObject, rules: Rules): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([key, value]) => value !== null && (rules.has(key) || !isNothing(value))),
  );
}

function without(own: JsonObject, inherited: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(own).filter(([key, value]) => !same(value, inherited[key])));
}

/** The same setting, where nothing can be said in several ways. */
function same(a: unknown, b: unknown): boolean {
  const form = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) && value.length === 0 ? null : (value ?? null)) || 'null';
  return form(a) === form(b) || (!a && !b);
}
