import { healthOf, hostPart } from './like-host.ts';
import { flag, list, object, same, text, texts, type Json } from './like-json.ts';
import type { Found, Network, Port, Spec } from './spec.ts';

/** What the API tells of a variable: without a value where that looks secret, and where it came from a secret. */
export interface ToldVariable {
  readonly name: string;
  readonly value?: string | null | undefined;
  readonly secret?: string | null | undefined;
}

export interface Like {
  /** What docker inspect tells of it, as JSON. */
  readonly inspect: string;
  /** The same of its image; null when that is gone, and then nothing of it can be told apart. */
  readonly image: string | null;
  readonly environment: readonly ToldVariable[];
  readonly name: string;
  readonly publishedPorts: boolean;
  readonly start: boolean;
}

/** The form of one like a container that is there. */
export interface FoundLike extends Found {
  /** Variables whose values are not told: the server keeps them for the new one. */
  readonly kept: readonly string[];
}

const composeLabels = 'com.docker.compose.';
const ownLabels = 'io.serverkit.';
const secretsLabel = `${ownLabels}secrets`;

/**
 * What was chosen for a container, for another one beside it: without what came with its image, its addresses, its part in a
 * stack and the ids that are its own. The agent's duplicate makes the same choices (agent/src/containers/settings.ts).
 */
export function likeContainer({ inspect, image, environment, name, publishedPorts, start }: Like): FoundLike {
  const whole = object(JSON.parse(inspect));
  const config = object(whole['Config']);
  const given = object(object(image === null ? null : JSON.parse(image))['Config']);
  const host = object(whole['HostConfig']);
  const own = (key: string): boolean => !same(config[key], given[key]);
  const inherited = new Set(texts(given['Env']));
  const told = environment.filter(
    ({ name: variable, value }) => !inherited.has(`${variable}=${value ?? ''}`),
  );
  const labels = object(config['Labels']);
  const { files } = secretsOf(labels);
  const { spec: rest, left } = hostPart(host);
  const mode = text(host['NetworkMode']);
  const shared = mode.startsWith('container:');
  const spec: Spec = { image: text(config['Image']), name, ...rest };
  if (own('Entrypoint') || own('Cmd')) {
    if (list(config['Cmd']).length > 0) spec.command = texts(config['Cmd']);
    if (own('Entrypoint')) spec.entrypoint = texts(config['Entrypoint']);
  }
  const plain = told.filter(({ value, secret }) => !secret && typeof value === 'string');
  if (plain.length > 0)
    spec.environment = plain.map(({ name: variable, value }) => ({ name: variable, value: value ?? '' }));
  const secretVariables = environment.flatMap(({ name: variable, secret }) =>
    secret ? [{ name: variable, secret }] : [],
  );
  if (secretVariables.length > 0) spec.secretVariables = secretVariables;
  if (files.length > 0) spec.secretFiles = files;
  const pairs = Object.entries(labels).filter(
    ([key, value]) =>
      !key.startsWith(composeLabels) && !key.startsWith(ownLabels) && value !== object(given['Labels'])[key],
  );
  if (pairs.length > 0) spec.labels = pairs.map(([key, value]) => ({ key, value: text(value) }));
  if (own('User') && text(config['User'])) spec.user = text(config['User']);
  if (own('WorkingDir') && text(config['WorkingDir'])) spec.workingDir = text(config['WorkingDir']);
  if (own('StopSignal') && text(config['StopSignal'])) spec.stopSignal = text(config['StopSignal']);
  if (typeof config['StopTimeout'] === 'number') spec.stopTimeoutSeconds = config['StopTimeout'];
  const hostname = text(config['Hostname']);
  if (hostname && !text(whole['Id']).startsWith(hostname) && mode !== 'host' && !shared)
    spec.hostname = hostname;
  if (text(config['Domainname']) && !shared) spec.domainname = text(config['Domainname']);
  if (flag(config['Tty'])) spec.tty = true;
  if (flag(config['OpenStdin'])) spec.interactive = true;
  const health = own('Healthcheck') ? healthOf(object(config['Healthcheck'])) : null;
  if (health) spec.healthcheck = health;
  const networks = networksOf(whole, mode);
  if (networks.length > 0) spec.networks = networks;
  if (publishedPorts) {
    const ports = portsOf(host);
    if (ports.length > 0) spec.ports = ports;
    if (flag(host['PublishAllPorts'])) spec.publishAllPorts = true;
  }
  const kept = told.filter(({ value, secret }) => !secret && typeof value !== 'string');
  return { spec, start, pull: 'MISSING', left, kept: kept.map(({ name: variable }) => variable) };
}

/** Its main network first; none for the engine's own, which every container gets. */
function networksOf(whole: Json, mode: string): Network[] {
  if (mode === 'host' || mode === 'none' || mode.startsWith('container:')) return [{ name: mode }];
  const names = Object.keys(object(object(whole['NetworkSettings'])['Networks']));
  if (names.length <= 1 && (names[0] ?? 'bridge') === 'bridge') return [];
  return names.toSorted((a, b) => Number(b === mode) - Number(a === mode)).map((name) => ({ name }));
}

function portsOf(host: Json): Port[] {
  return Object.entries(object(host['PortBindings'])).flatMap(([at, bindings]) => {
    const [port = '', protocol = 'tcp'] = at.split('/');
    return list(bindings).map((given) => portOf(Number(port), protocol, object(given)));
  });
}

function portOf(
  containerPort: number,
  protocol: string,
  { HostIp: address, HostPort: hostPort }: Json,
): Port {
  return {
    containerPort,
    ...(protocol !== 'tcp' && { protocol }),
    ...(text(hostPort) !== '' && { hostPort: Number(text(hostPort)) }),
    ...(text(address) !== '' && { hostAddress: text(address) }),
  };
}

/** By name: a secret has no value here. */
function secretsOf(labels: Json): { readonly files: NonNullable<Spec['secretFiles']> } {
  const label = text(labels[secretsLabel]);
  if (label === '') return { files: [] };
  const files = list(object(JSON.parse(label))['files']).map((given) => {
    const file = object(given);
    const number = (key: string) => (typeof file[key] === 'number' ? file[key] : null);
    return {
      secret: text(file['secret']),
      path: text(file['path']),
      mode: number('mode'),
      uid: number('uid'),
      gid: number('gid'),
    };
  });
  return { files };
}
