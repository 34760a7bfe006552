import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ScopePattern } from '@serverkit/wire/scopes.ts';
import { systemCode } from '../errors.ts';
import { logLevels, type LogLevel } from '../log.ts';
import { features as knownFeatures, type Feature } from '../policy.ts';
import { defaultPaths } from './paths.ts';
import { ConfigError, ConfigReader } from './reader.ts';
import * as values from './values.ts';

/**
 * What the configuration file says; agent/config.example.yaml documents every key. Durations are ms, sizes bytes.
 */
export interface Config {
  /** Where it was read from; the file itself may be missing. */
  readonly file: string;
  readonly server: {
    readonly url: string | null;
    readonly insecure: boolean;
    readonly caFile: string | null;
    readonly caSha256: string | null;
    readonly reconnectIntervalMs: number;
    readonly maxReconnectIntervalMs: number;
  };
  readonly agent: { readonly id: string | null; readonly name: string | null; readonly stateDir: string };
  readonly auth: { readonly keyFile: string };
  readonly disabledFeatures: ReadonlySet<Feature>;
  readonly metrics: {
    readonly intervalMs: number;
    readonly includePerCpu: boolean;
    readonly includeDockerStats: boolean;
  };
  readonly docker: {
    readonly socket: string;
    readonly timeoutMs: number;
    /** Of one file that is put into a container or volume. */
    readonly maxUploadBytes: number;
  };
  readonly stacks: {
    /** Where the stacks' folders are, by a path that the engine has as well. */
    readonly folder: string;
    /** Where Compose and Git find what they are given, by a path that any program has. */
    readonly scratch: string;
  };
  readonly terminals: { readonly idleTimeoutMs: number };
  readonly shell: { readonly account: string | null; readonly socket: string | null };
  readonly security: {
    /** Null until registration writes it: then nothing is allowed. */
    readonly scopes: readonly ScopePattern[] | 'managed' | null;
    readonly deniedPaths: readonly string[];
    /** Parts of these that are open all the same. */
    readonly openPaths: readonly string[];
  };
  readonly logging: {
    readonly level: LogLevel;
    readonly file: string | null;
    readonly maxSizeBytes: number;
    readonly maxBackups: number;
  };
}

const second = 1000;
const minute = 60 * second;
const MB = 1024 * 1024;

/**
 * @param file for messages
 * @throws ConfigError naming every unknown key and bad value with its line
 */
export function parseConfig(file: string, yaml: string): Config {
  const defaults = defaultPaths();
  const reader = new ConfigReader(file, yaml);
  const [server, agent, auth, features, metrics, docker, terminals, shell, security, logging] = [
    reader.section('server'),
    reader.section('agent'),
    reader.section('auth'),
    reader.section('features'),
    reader.section('metrics'),
    reader.section('docker'),
    reader.section('terminals'),
    reader.section('shell'),
    reader.section('security'),
    reader.section('logging'),
  ];

  const disabledFeatures = knownFeatures.filter(
    (feature) => !features.take(feature, values.boolean, feature !== 'shell'),
  );
  features.take('file_access', values.only(false, 'file access is not available yet'), undefined);
  features.take('exec', values.only(false, 'running commands is not available yet'), undefined);
  features.refuse('metrics_interval', 'is called metrics.interval');
  metrics.refuse('enabled', 'is called features.metrics');
  server.refuse('ping_interval', 'is fixed at 10s by the protocol');
  security.take('allowed_paths', values.only([], 'file access is not available yet'), undefined);
  security.take('blocked_commands', values.only([], 'running commands is not available yet'), undefined);
  security.refuse('max_exec_timeout', 'does not apply: running commands is not available yet');
  logging.refuse('max_age', 'does not apply: old files are kept by number, see logging.max_backups');
  logging.refuse('compress', 'does not apply: old files are kept as they are');

  const stateDir = agent.take('state_dir', values.absolutePath, defaults.stateDir);
  const config: Config = {
    file,
    server: {
      url: server.take<string | null>('url', values.serverUrl, null),
      insecure: server.take('insecure', values.boolean, false),
      caFile: server.take<string | null>('ca_file', values.absolutePath, null),
      caSha256: server.take<string | null>('ca_sha256', values.sha256Hex, null),
      reconnectIntervalMs: server.take('reconnect_interval', values.duration(100, minute), 500),
      maxReconnectIntervalMs: server.take(
        'max_reconnect_interval',
        values.duration(second, 60 * minute),
        20 * second,
      ),
    },
    agent: {
      id: agent.take<string | null>('id', values.text, null),
      name: agent.take<string | null>('name', values.text, null),
      stateDir,
    },
    stacks: stacksBelow(stateDir),
    auth: { keyFile: auth.take('key_file', values.absolutePath, defaults.keyFile) },
    disabledFeatures: new Set(disabledFeatures),
    metrics: {
      intervalMs: metrics.take('interval', wholeTens, 10 * second),
      includePerCpu: metrics.take('include_per_cpu', values.boolean, true),
      includeDockerStats: metrics.take('include_docker_stats', values.boolean, true),
    },
    docker: {
      socket: docker.take('socket', values.dockerSocket, defaults.dockerSocket),
      timeoutMs: docker.take('timeout', values.duration(second, 10 * minute), 30 * second),
      maxUploadBytes: docker.take('max_upload', values.size(0, 1024 * 1024 * MB), 4 * 1024 * MB),
    },
    terminals: {
      idleTimeoutMs: terminals.take('idle_timeout', values.duration(minute, 24 * 60 * minute), 30 * minute),
    },
    shell: {
      account: shell.take<string | null>('account', values.account, null),
      socket: shell.take<string | null>('socket', values.absolutePath, null),
    },
    security: {
      scopes: security.take<readonly ScopePattern[] | 'managed' | null>('scopes', values.scopes, null),
      deniedPaths: security.take('denied_paths', values.listOf(values.absolutePath), []),
      openPaths: [],
    },
    logging: {
      level: logging.take('level', values.oneOf(...logLevels), 'info'),
      file: logging.take<string | null>('file', values.absolutePath, null),
      maxSizeBytes: logging.take('max_size', values.size(64 * 1024, 10 * 1024 * MB), 100 * MB),
      maxBackups: logging.take('max_backups', values.wholeNumber(0, 100), 5),
    },
  };
  reader.finish([server, agent, auth, features, metrics, docker, terminals, shell, security, logging]);
  return config;
}

/** Where stacks are unless somebody says otherwise. */
export const stacksBelow = (stateDir: string): Config['stacks'] => ({
  folder: path.join(stateDir, 'stacks'),
  scratch: stateDir,
});

/** Samples fall on multiples of 10 s everywhere, or roll-ups of servers could not be compared. */
function wholeTens(value: unknown): number {
  const ms = values.duration(10 * second, minute)(value);
  if (minute % ms === 0 && ms % (10 * second) === 0) return ms;
  throw new Error(`must be 10s, 20s, 30s or 60s, not ${JSON.stringify(value)}`);
}

/**
 * @param required true refuses a missing file, false takes the defaults
 * @throws ConfigError
 */
export function loadConfig(file: string, required: boolean): Config {
  try {
    return parseConfig(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (systemCode(error) === 'ENOENT') {
      if (!required) return parseConfig(file, '');
      throw new ConfigError(
        `${file}: there is no such file; register this server first: serverkit-agent register --help`,
      );
    }
    throw new ConfigError(`${file}: cannot be read (${systemCode(error) ?? String(error)})`);
  }
}
