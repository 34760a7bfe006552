import path from 'node:path';
import { array, object, type JsonObject } from '../json.ts';
import { parseBind } from './mounts.ts';
import type { EngineDefaults, Outside, Rules } from './outside.ts';
import { configRules, endpointRules, hostRules } from './rules.ts';
import { isNothing } from './values.ts';

const unknown = 'is not known to be harmless';

/**
 * Which options of a container go beyond what it may do to itself: whoever can give them has, or can get, the host's
 * root. What is not known to stay inside the container is outside: an option that a future engine brings as well as one
 * that is written in other letters, which the engine would read all the same.
 *
 * @param body - of POST /containers/create
 */
export function judgeRequest(body: JsonObject, defaults: EngineDefaults): Outside[] {
  const { HostConfig: host, NetworkingConfig: networking, ...config } = body;
  const { EndpointsConfig: endpoints, ...others } = object(networking);
  return [
    ...judge('', config, configRules, defaults),
    ...judge('HostConfig.', object(host), hostRules, defaults),
    ...judge('NetworkingConfig.', others, new Map(), defaults),
    ...judgeEndpoints(object(endpoints), defaults),
  ];
}

/**
 * The same for a container that is there, whoever made it. What an engine prints without its having been asked for
 * (empty fields that we do not know) counts for nothing; where its log goes does not matter to what is done inside it.
 *
 * @param inspect - the reply of GET /containers/{id}/json
 */
export function judgeInspect(inspect: JsonObject, defaults: EngineDefaults): Outside[] {
  const { LogConfig: _log, ...host } = object(inspect['HostConfig']);
  return [
    ...judge('HostConfig.', said(host), hostRules, defaults),
    ...judgeEndpoints(object(object(inspect['NetworkSettings'])['Networks']), defaults, said),
    // What came with the image, or by other ways than the two options above.
    ...array(inspect['Mounts'])
      .map(object)
      .filter(({ Type: type }) => type !== 'volume' && type !== 'tmpfs')
      .map(() => ({ option: 'Mounts', why: 'has files that are not its own' })),
  ];
}

/** Names of the volumes that the request mounts or makes. */
export function volumesOf(body: JsonObject): string[] {
  const host = object(body['HostConfig']);
  const ofType = (name: string) => (mount: JsonObject) => (mount['Type'] === 'volume' ? mount[name] : null);
  const named = [
    ...array(host['Binds']).map((bind) => parseBind(bind)?.source),
    ...array(host['Mounts']).map(object).map(ofType('Source')),
    ...array(body['Mounts']).map(object).map(ofType('Name')),
  ];
  return [...new Set(textsIn(named).filter((name) => name !== '' && !name.startsWith('/')))];
}

/** Names or ids of the networks that it joins. */
export function networksOf(body: JsonObject): string[] {
  const mode = object(body['HostConfig'])['NetworkMode'];
  const asked = Object.keys(object(object(body['NetworkingConfig'])['EndpointsConfig']));
  // One that is there says so elsewhere, and may have joined others since it was made.
  const joined = Object.keys(object(object(body['NetworkSettings'])['Networks']));
  const first = typeof mode === 'string' && mode !== '' && mode !== 'default' ? [mode] : [];
  return [...new Set([...first, ...asked, ...joined])];
}

/** Paths of the host that it would open, wherever they are named. */
export function hostPathsOf(body: JsonObject): string[] {
  const host = object(body['HostConfig']);
  const mounts = array(host['Mounts']).map(object);
  const paths = [
    ...array(host['Binds']).map((bind) => parseBind(bind)?.source),
    ...mounts.map((mount) => mount['Source']),
    ...mounts.flatMap((mount) =>
      devicesOf(object(object(mount['VolumeOptions'])['DriverConfig'])['Options']),
    ),
    ...array(host['Devices']).map((device) => object(device)['PathOnHost']),
    ...array(body['Mounts']).map((mount) => object(mount)['Source']),
    ...(reachesAll(host) ? ['/'] : []),
  ];
  return absolute(paths);
}

/** With these a process mounts, or opens by number, whatever file of the host it likes (capabilities(7)). */
const openers: ReadonlySet<string> = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_RAWIO',
  'DAC_READ_SEARCH',
]);

/** Whether it reaches every file of the host without naming any: through its devices, or /proc of its processes. */
function reachesAll({ Privileged: privileged, PidMode: pid, CapAdd: added }: JsonObject): boolean {
  const capabilities = textsIn(array(added)).map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  return privileged === true || pid === 'host' || capabilities.some((name) => openers.has(name));
}

/** Names of the containers whose mounts it gets as well. */
export function sharedFrom(body: JsonObject): string[] {
  const given = textsIn(array(object(body['HostConfig'])['VolumesFrom']));
  return [...new Set(given.map((one) => one.split(':', 1)[0] ?? ''))].filter((name) => name !== '');
}

/** Those of the values that are paths. */
export function absolute(values: readonly unknown[]): string[] {
  return textsIn(values).filter((one) => one.startsWith('/'));
}

function textsIn(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === 'string');
}

/**
 * What a volume of the local driver mounts, as absolute paths: its device, which is looked for from the engine's own root,
 * and the layers of an overlay, which stand among the options.
 */
export function devicesOf(options: unknown): string[] {
  const { device, type, o } = object(options);
  const named =
    typeof device === 'string' && device !== '' && type !== 'tmpfs' ? [path.posix.resolve('/', device)] : [];
  const layers = textsIn([o]).flatMap((text) =>
    [...text.matchAll(/(?<==|:)[^=:,]*\/[^:,]*/g)].map(([found]) => found),
  );
  return [...named, ...layers.map((layer) => path.posix.resolve('/', layer))];
}

function judgeEndpoints(
  endpoints: JsonObject,
  defaults: EngineDefaults,
  read: (given: JsonObject) => JsonObject = (given) => given,
): Outside[] {
  const where = 'NetworkingConfig.EndpointsConfig';
  const shared = 'host' in endpoints ? [{ option: where, why: "has the host's network" }] : [];
  const each = Object.values(endpoints).flatMap((endpoint) =>
    judge(`${where}.`, read(object(endpoint)), endpointRules, defaults),
  );
  return [...shared, ...each];
}

function judge(where: string, given: JsonObject, rules: Rules, defaults: EngineDefaults): Outside[] {
  return Object.entries(given).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const rule = rules.get(key);
    const why = rule ? rule(value, defaults) : unknown;
    return why === undefined ? [] : [{ option: `${where}${key}`, why }];
  });
}

function said(given: JsonObject): JsonObject {
  // These two mean something when they are empty.
  return Object.fromEntries(
    Object.entries(given).filter(
      ([key, value]) =>
        !isNothing(value) || ((key === 'MaskedPaths' || key === 'ReadonlyPaths') && value !== null),
    ),
  );
}
