import type { Container } from './container.ts';
import type { ContainerDetails, ContainerHealthcheck, ContainerMount } from './details.ts';
import { environmentOf, split } from './environment.ts';
import { array, flag, number, object, text, textOrNull, texts, type JsonObject } from './json.ts';
import { asObject, maskedOptions, toldLabels } from './labels.ts';
import { lifetimeOf } from './mapping.ts';

const MASK = '••••••';

/** Details out of the reply of GET /containers/{id}/json. */
export function detailsOf(container: Container, inspect: JsonObject): ContainerDetails {
  const config = object(inspect['Config']);
  const host = object(inspect['HostConfig']);
  const state = object(inspect['State']);
  return {
    container,
    entrypoint: texts(config['Entrypoint']),
    arguments: texts(config['Cmd']),
    workingDir: text(config['WorkingDir']),
    user: text(config['User']),
    hostname: text(config['Hostname']),
    tty: flag(config['Tty']),
    privileged: flag(host['Privileged']),
    restartPolicy: restartPolicyOf(object(host['RestartPolicy'])),
    restartCount: number(inspect['RestartCount']) ?? 0,
    networkMode: text(host['NetworkMode']),
    logDriver: text(object(host['LogConfig'])['Type']),
    platform: text(inspect['Platform']),
    pid: lifetimeOf(inspect).pid,
    oomKilled: flag(state['OOMKilled']),
    error: textOrNull(state['Error']),
    mounts: array(inspect['Mounts']).map((mount) => mountOf(object(mount))),
    environmentNames: texts(config['Env']).map((variable) => split(variable)[0]),
    environment: environmentOf(inspect),
    limits: {
      memoryBytes: number(host['Memory']) || null,
      cpus: cpusOf(host),
      pids: positive(host['PidsLimit']),
    },
    healthcheck: healthcheckOf(object(config['Healthcheck']), object(state['Health'])),
    inspectJson: JSON.stringify(masked(inspect)),
  };
}

function restartPolicyOf(policy: JsonObject): string {
  const name = text(policy['Name']) || 'no';
  const retries = number(policy['MaximumRetryCount']) ?? 0;
  return name === 'on-failure' && retries > 0 ? `on-failure:${retries}` : name;
}

/** `--cpus` is kept in billionths, `--cpu-quota` as µs of each period. */
function cpusOf(host: JsonObject): number | null {
  const nano = positive(host['NanoCpus']);
  if (nano !== null) return nano / 1e9;
  const quota = positive(host['CpuQuota']);
  return quota === null ? null : quota / (positive(host['CpuPeriod']) ?? 100_000);
}

function positive(value: unknown): number | null {
  const found = number(value);
  return found !== null && found > 0 ? found : null;
}

function mountOf(mount: JsonObject): ContainerMount {
  return {
    type: text(mount['Type']),
    name: textOrNull(mount['Name']),
    source: text(mount['Source']),
    destination: text(mount['Destination']),
    readOnly: mount['RW'] === false,
  };
}

function healthcheckOf(config: JsonObject, health: JsonObject): ContainerHealthcheck | null {
  const test = texts(config['Test']);
  if (test.length === 0 || test[0] === 'NONE') return null;
  const ms = (value: unknown): number | null => {
    const nanoseconds = positive(value);
    return nanoseconds === null ? null : Math.round(nanoseconds / 1e6);
  };
  return {
    test,
    intervalMs: ms(config['Interval']),
    timeoutMs: ms(config['Timeout']),
    retries: positive(config['Retries']),
    failingStreak: number(health['FailingStreak']) ?? 0,
    lastOutput: textOrNull(object(array(health['Log']).at(-1))['Output']),
  };
}

/** The whole reply, except what looks secret of environment variables and of the options of drivers. */
function masked(inspect: JsonObject): JsonObject {
  const variables = environmentOf(inspect).map(({ name, value }) => `${name}=${value ?? MASK}`);
  const config = object(inspect['Config']);
  const host = object(inspect['HostConfig']);
  const logging = object(host['LogConfig']);
  return {
    ...inspect,
    Config: { ...config, Env: variables, Labels: toldLabels(config['Labels']) },
    HostConfig: {
      ...host,
      LogConfig: { ...logging, Config: asObject(maskedOptions(logging['Config'])) },
      ...(host['Mounts'] !== undefined && { Mounts: array(host['Mounts']).map(withoutDriverSecrets) }),
    },
  };
}

/** A mount as it was asked for, whose volume may be a drive of the network with a password. */
function withoutDriverSecrets(mount: unknown): JsonObject {
  const asked = object(mount);
  const volume = object(asked['VolumeOptions']);
  const driver = object(volume['DriverConfig']);
  if (driver['Options'] === undefined) return asked;
  const Options = asObject(maskedOptions(driver['Options']));
  return { ...asked, VolumeOptions: { ...volume, DriverConfig: { ...driver, Options } } };
}
