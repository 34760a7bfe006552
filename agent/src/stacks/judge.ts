import path from 'node:path';
import { isReservedLabel } from '@serverkit/wire/secret-references.ts';
import { array, object, type JsonObject } from '../docker/json.ts';
import { devicesOf } from '../docker/privilege/judge.ts';
import { parseBind, volumeProblem } from '../docker/privilege/mounts.ts';
import type { EngineDefaults, Outside, Rule } from '../docker/privilege/outside.ts';
import { hostRules } from '../docker/privilege/rules.ts';
import { isNothing, nothing } from '../docker/privilege/values.ts';
import type { Normalised } from './normalise.ts';
import { isInside, isLink } from './references.ts';

const unknown = 'is not known to be harmless';
const hostFiles = 'opens files of the host to the container';
const elsewhere = "is a file outside of the stack's folder";

/** What a stack may reach beyond its own containers, and the paths of the host that are among it. */
export interface StackVerdict {
  readonly outside: readonly Outside[];
  readonly paths: readonly string[];
  readonly builds: boolean;
}

/**
 * Judges what Compose made of the file: each key of a service is translated into what the engine would be asked for, and
 * judged by the one allow-list of options. A key that is not known here is outside.
 */
export function judgeStack(
  { value, services, folder }: Pick<Normalised, 'value' | 'services' | 'folder'>,
  defaults: EngineDefaults,
): StackVerdict {
  const paths: string[] = [];
  const judge: Judge = { defaults, folder, open: (found) => paths.push(found) };
  const outside = Object.entries(value).flatMap(([key, section]) => {
    if (key === 'name' || key === 'version' || key.startsWith('x-')) return [];
    if (key === 'services') {
      return [...services].flatMap(([name, service]) =>
        judgeAll(`services.${name}`, service, serviceRules, judge),
      );
    }
    const rules = sections.get(key);
    if (!rules) return isNothing(section) ? [] : [{ option: key, why: unknown }];
    return Object.entries(object(section)).flatMap(([name, one]) =>
      judgeAll(`${key}.${name}`, object(one), rules, judge),
    );
  });
  return { outside, paths, builds: [...services.values()].some(({ build }) => !isNothing(build)) };
}

interface Judge {
  readonly defaults: EngineDefaults;
  /** Of the stack. */
  readonly folder: string;
  /** Notes a path of the host that would be opened. */
  readonly open: (path: string) => void;
}

type StackRule = (value: unknown, judge: Judge) => string | undefined;
type StackRules = ReadonlyMap<string, StackRule>;

function judgeAll(where: string, given: JsonObject, rules: StackRules, judge: Judge): Outside[] {
  return Object.entries(given).flatMap(([key, value]) => {
    if (key.startsWith('x-')) return [];
    const rule = rules.get(key);
    const why = rule ? rule(value, judge) : isNothing(value) ? undefined : unknown;
    return why === undefined ? [] : [{ option: `${where}.${key}`, why }];
  });
}

/** By the rule that the same option of the engine has. */
function engine(option: string, translate: (value: unknown) => unknown = (value) => value): StackRule {
  const rule: Rule = hostRules.get(option) ?? nothing(unknown);
  return (value, { defaults }) => rule(translate(value), defaults);
}

const plain =
  (rule: Rule): StackRule =>
  (value, { defaults }) =>
    rule(value, defaults);

const anything: StackRule = () => undefined;

/** Shared with another service of the same stack is not shared with anybody else. */
function orService(rule: StackRule): StackRule {
  return (value, judge) =>
    typeof value === 'string' && /^service:[\w.-]+$/.test(value) ? undefined : rule(value, judge);
}

/** `KEY=value` or a map of them. */
function pairs(value: unknown): JsonObject {
  if (!Array.isArray(value)) {
    return Object.fromEntries(Object.entries(object(value)).map(([key, one]) => [key, String(one)]));
  }
  return Object.fromEntries(
    value.map((one) => {
      const [key = '', ...rest] = String(one).split('=');
      return [key, rest.join('=')];
    }),
  );
}

function ulimits(value: unknown): unknown {
  return Object.entries(object(value)).map(([name, limit]) => {
    if (typeof limit === 'number') return { Name: name, Soft: limit, Hard: limit };
    const { soft, hard, ...others } = object(limit);
    return isNothing(others) ? { Name: name, Soft: soft, Hard: hard } : null;
  });
}

/** `/run` or `/run:size=64m`. */
function tmpfs(value: unknown): unknown {
  const list = typeof value === 'string' ? [value] : array(value);
  return Object.fromEntries(
    list.map((one) => {
      const [target = '', ...options] = String(one).split(':');
      return [target, options.join(':')];
    }),
  );
}

function logging(value: unknown): unknown {
  if (isNothing(value)) return value;
  const { driver, options, ...others } = object(value);
  return { Type: driver, Config: isNothing(options) ? {} : pairs(options), ...others };
}

/** Compose tells its own by these, and so do we. */
const labels: StackRule = (value) => {
  const keys = Object.keys(pairs(value));
  if (keys.some((key) => key.startsWith('com.docker.compose.'))) return 'pretends to be of another stack';
  return keys.some(isReservedLabel) ? 'pretends to have been given secrets' : undefined;
};

/**
 * A file or folder that lies in the stack's folder, itself and not below another: what is below a folder that some
 * container writes to, it could have swapped for a link to anywhere by the time the engine looks.
 */
function isOwnFile(folder: string, source: string): boolean {
  const name = path.relative(folder, source);
  if (path.dirname(source) !== folder || name.startsWith('.') || /^(docker-)?compose\./.test(name))
    return false;
  return !isLink(source);
}

function bindProblem(source: unknown, { folder, open }: Judge): string | undefined {
  if (typeof source !== 'string') return hostFiles;
  // Compose writes a dollar twice, and reads it once.
  const meant = source.replaceAll('$$', '$');
  open(meant);
  return isOwnFile(folder, meant) ? undefined : hostFiles;
}

const volumes: StackRule = (value, judge) =>
  array(value)
    .map((one) => (typeof one === 'string' ? shortVolume(one, judge) : longVolume(object(one), judge)))
    .find((problem) => problem !== undefined);

function shortVolume(one: string, judge: Judge): string | undefined {
  const bind = parseBind(one);
  if (bind?.source?.startsWith('/') !== true) return engine('Binds')([one], judge);
  return (
    bindProblem(bind.source, judge) ??
    engine('Binds')(
      [['stand-in', bind.target, ...(bind.options.length > 0 ? [bind.options.join(',')] : [])].join(':')],
      judge,
    )
  );
}

function longVolume(one: JsonObject, judge: Judge): string | undefined {
  const {
    type,
    source,
    target,
    read_only: readOnly,
    consistency,
    bind,
    volume,
    tmpfs: memory,
    ...others
  } = one;
  if (!isNothing(others)) return unknown;
  const { create_host_path: _create, selinux: _selinux, ...bindOptions } = object(bind);
  const { nocopy, subpath, labels: given, ...volumeOptions } = object(volume);
  if (!isNothing(volumeOptions)) return unknown;
  const { size, mode, ...memoryOptions } = object(memory);
  if (!isNothing(memoryOptions)) return unknown;
  const mount = {
    Type: type === 'bind' ? 'volume' : type,
    Source: type === 'bind' ? 'stand-in' : source,
    Target: target,
    ReadOnly: readOnly,
    Consistency: consistency,
    BindOptions: bindOptions,
    ...(type === 'volume' && { VolumeOptions: { NoCopy: nocopy, Subpath: subpath, Labels: given } }),
    ...(type === 'tmpfs' && { TmpfsOptions: { SizeBytes: size, Mode: mode } }),
  };
  return (type === 'bind' ? bindProblem(source, judge) : undefined) ?? engine('Mounts')([mount], judge);
}

/** Only what a build can say to itself: others read files, secrets and agents of the host, or write there. */
const buildRules: StackRules = new Map<string, StackRule>([
  // Its containers would have them.
  ['labels', (value, judge) => labels(value, judge)],
  ...'dockerfile_inline args target no_cache pull shm_size platforms'
    .split(' ')
    .map((key): [string, StackRule] => [key, anything]),
  ['context', (value, judge) => ownBuildFile(value, judge)],
  ['dockerfile', (value) => (isNothing(value) || isPlainName(String(value)) ? undefined : elsewhere)],
]);

/** Of what lies directly in a folder, for whoever reads it. */
const isPlainName = (name: string): boolean =>
  /^(?:\.\/)?[\w.-]+$/.test(name) && !/^(?:\.\/)?\.\.?$/.test(name);

function ownBuildFile(value: unknown, { folder, open }: Judge): string | undefined {
  if (typeof value !== 'string') return elsewhere;
  if (path.isAbsolute(value)) open(value);
  return path.isAbsolute(value) && isInside(folder, value) ? undefined : elsewhere;
}

const build: StackRule = (value, judge) => {
  const given = typeof value === 'string' ? { context: value } : object(value);
  const [found] = judgeAll('build', given, buildRules, judge);
  if (found) return `(${found.option}) ${found.why}`;
  const { context, dockerfile } = given;
  const file = path.join(String(context), typeof dockerfile === 'string' ? dockerfile : 'Dockerfile');
  return isLink(file) ? `(build.dockerfile) ${elsewhere}` : undefined;
};

const deployRules: StackRules = new Map<string, StackRule>([
  ...'mode replicas labels update_config rollback_config restart_policy endpoint_mode placement'
    .split(' ')
    .map((key): [string, StackRule] => [key, anything]),
  [
    'resources',
    (value) =>
      [object(value)['limits'], object(value)['reservations']].every(
        (one) => isNothing(object(one)['devices']) && isNothing(object(one)['generic_resources']),
      )
        ? undefined
        : 'has devices of the host',
  ],
]);

const deploy: StackRule = (value, judge) =>
  judgeAll('deploy', object(value), deployRules, judge).map(({ why }) => why)[0];

const serviceNetworks: StackRule = (value) =>
  Object.values(object(value)).every((one) => isNothing(object(one)['driver_opts']))
    ? undefined
    : 'gives orders to the network driver';

const blockIo: StackRule = (value) => {
  const { weight: _weight, ...devices } = object(value);
  return isNothing(devices) ? undefined : 'names devices of the host';
};

const serviceRules: StackRules = new Map<string, StackRule>([
  // What is the container's own, or the stack's.
  ...`attach command container_name cpu_count cpu_percent cpu_period cpu_quota cpu_shares cpus cpuset depends_on dns dns_opt
      dns_search domainname entrypoint environment expose extra_hosts group_add healthcheck hostname image init
      links mac_address mem_limit mem_reservation mem_swappiness memswap_limit pids_limit platform ports profiles
      pull_policy read_only restart scale secrets configs shm_size stdin_open stop_grace_period stop_signal tty user
      working_dir cap_drop develop`
    .split(/\s+/)
    .map((key): [string, StackRule] => [key, anything]),
  ['annotations', engine('Annotations')],
  ['blkio_config', blockIo],
  ['build', build],
  ['cap_add', engine('CapAdd')],
  ['cgroup', engine('CgroupnsMode')],
  ['cgroup_parent', engine('CgroupParent')],
  ['cpu_rt_period', engine('CpuRealtimePeriod')],
  ['cpu_rt_runtime', engine('CpuRealtimeRuntime')],
  ['credential_spec', plain(nothing('reads files of the host'))],
  ['deploy', deploy],
  ['device_cgroup_rules', engine('DeviceCgroupRules')],
  ['devices', engine('Devices')],
  ['external_links', engine('Links')],
  ['gpus', engine('DeviceRequests')],
  ['ipc', orService(engine('IpcMode'))],
  ['isolation', engine('Isolation')],
  ['labels', labels],
  ['logging', engine('LogConfig', logging)],
  ['network_mode', orService(engine('NetworkMode'))],
  ['networks', serviceNetworks],
  ['oom_kill_disable', engine('OomKillDisable')],
  ['oom_score_adj', engine('OomScoreAdj')],
  ['pid', orService(engine('PidMode'))],
  ['privileged', engine('Privileged')],
  ['runtime', engine('Runtime')],
  ['security_opt', engine('SecurityOpt')],
  ['storage_opt', engine('StorageOpt', pairs)],
  ['sysctls', engine('Sysctls', pairs)],
  ['tmpfs', engine('Tmpfs', tmpfs)],
  ['ulimits', engine('Ulimits', ulimits)],
  ['userns_mode', engine('UsernsMode')],
  ['uts', engine('UTSMode')],
  ['volume_driver', engine('VolumeDriver')],
  ['volumes', volumes],
  ['volumes_from', engine('VolumesFrom')],
]);

/** Secrets and configs in files are mounted into the container like any other. */
const fileRules: StackRules = new Map<string, StackRule>([
  ...'name environment content labels external'.split(' ').map((key): [string, StackRule] => [key, anything]),
  ['file', (value, judge) => (bindProblem(value, judge) === undefined ? undefined : elsewhere)],
]);

const sections: ReadonlyMap<string, StackRules> = new Map<string, StackRules>([
  [
    'volumes',
    new Map<string, StackRule>([
      ['name', anything],
      ['external', anything],
      ['labels', labels],
      ['driver', (value) => volumeProblem(value, undefined)],
      [
        'driver_opts',
        (value, { open }) => {
          for (const device of devicesOf(value)) open(device.replaceAll('$$', '$'));
          return volumeProblem(undefined, value);
        },
      ],
    ]),
  ],
  [
    'networks',
    new Map<string, StackRule>([
      ...'external attachable internal enable_ipv6 enable_ipv4 check_duplicate'
        .split(' ')
        .map((key): [string, StackRule] => [key, anything]),
      [
        'ipam',
        (value) =>
          isNothing(value) ? undefined : "chooses addresses, which may be those of the host's own network",
      ],
      ['labels', labels],
      ['name', (value) => (value === 'host' ? "is the host's network" : undefined)],
      [
        'driver',
        (value) =>
          isNothing(value) || value === 'bridge' || value === 'default'
            ? undefined
            : 'is more than a network of containers',
      ],
      ['driver_opts', plain(nothing('gives orders to the network driver'))],
    ]),
  ],
  ['secrets', fileRules],
  ['configs', fileRules],
]);
