import { bytesOf } from './quantities.ts';
import type { Device, Mount, Port, RestartPolicy, Ulimit } from './spec.ts';

/** A range of ports is taken over one by one, up to so many. */
const longestRange = 1_000;

interface Range {
  readonly from: number;
  readonly to: number;
}

function rangeOf(text: string): Range | null {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!found) return null;
  const from = Number(found[1]);
  const to = Number(found[2] ?? found[1]);
  return to >= from && to - from < longestRange ? { from, to } : null;
}

/**
 * `[[address:][port]:]port[/protocol]`, ranges included (docker run --publish).
 *
 * @returns null where Docker would choose, or what is not understood
 */
export function portsOf(text: string): Port[] | null {
  const found = /^(?:(?:(\[[0-9a-fA-F:.]+\]|[^:]*):)?([\d-]*):)?([\d-]+)(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (!found) return null;
  const [, address, outside, inside = '', protocol] = found;
  const container = rangeOf(inside);
  const host = outside ? rangeOf(outside) : undefined;
  if (!container || host === null) return null;
  const many = container.to - container.from;
  if (host && host.to - host.from !== many) return null;
  const hostAddress = address?.replace(/^\[(.*)\]$/, '$1');
  return Array.from({ length: many + 1 }, (_, index) => ({
    containerPort: container.from + index,
    ...(host && { hostPort: host.from + index }),
    ...(hostAddress && { hostAddress }),
    ...(protocol && protocol.toLowerCase() !== 'tcp' && { protocol: protocol.toLowerCase() }),
  }));
}

/** What was read of a text, and what of it has no place. */
export interface Part<Value> {
  readonly value: Value;
  readonly left: readonly string[];
}

const isPath = (source: string): boolean => /^([/.~\\$]|[a-zA-Z]:[\\/])/.test(source);

/** `[source:]target[:options]` (docker run --volume). Folders of Windows have a colon themselves. */
export function volumeOf(text: string): Part<Mount> | null {
  const found = /^(?:((?:[a-zA-Z]:[\\/])?[^:]*):)?(\/[^:]*)(?::([^:/]*))?$/.exec(text);
  if (!found?.[2]) return null;
  const [, source = '', target, options = ''] = found;
  const given = options.split(',').filter(Boolean);
  return {
    value: {
      kind: isPath(source) ? 'BIND' : 'VOLUME',
      ...(source !== '' && { source }),
      target,
      ...(given.includes('ro') && { readOnly: true }),
    },
    left: given.filter((option) => option !== 'ro' && option !== 'rw'),
  };
}

/** As Docker calls them. */
export const mountKinds: Readonly<Record<string, Mount['kind'] | undefined>> = {
  bind: 'BIND',
  volume: 'VOLUME',
  tmpfs: 'TMPFS',
};

/** `type=…,source=…,target=…` (docker run --mount). */
export function mountOf(text: string): Part<Mount> | null {
  let kind: Mount['kind'] | undefined = 'VOLUME';
  let source: string | undefined;
  let target: string | undefined;
  let readOnly = false;
  let sizeBytes: number | null = null;
  const left: string[] = [];
  for (const part of text.split(',').filter(Boolean)) {
    const [key, value] = halves(part.trim(), '=');
    if (key === 'type') kind = mountKinds[value ?? ''];
    else if (['source', 'src'].includes(key)) source = value;
    else if (['target', 'dst', 'destination'].includes(key)) target = value;
    else if (['readonly', 'ro'].includes(key)) readOnly = value !== 'false' && value !== '0';
    else if (key === 'tmpfs-size' && (sizeBytes = bytesOf(value ?? '')) !== null) continue;
    else left.push(part);
  }
  if (!kind || !target) return null;
  return {
    value: {
      kind,
      ...(source && { source }),
      target,
      ...(readOnly && { readOnly }),
      ...(sizeBytes && { sizeBytes }),
    },
    left,
  };
}

/** `target[:options]` (docker run --tmpfs). */
export function tmpfsOf(text: string): Part<Mount> {
  const [target, options = ''] = halves(text, ':');
  const given = options.split(',').filter(Boolean);
  const size = given.find((option) => option.startsWith('size='));
  const sizeBytes = size === undefined ? null : bytesOf(size.slice('size='.length));
  const left = given.filter((option) => option !== size || sizeBytes === null);
  return { value: { kind: 'TMPFS', target, ...(sizeBytes && { sizeBytes }) }, left };
}

/** `host[:container][:rwm]` (docker run --device). */
export function deviceOf(text: string): Device | null {
  const [hostPath = '', ...others] = text.split(':');
  if (hostPath === '' || others.length > 2) return null;
  const permissions = others.findLast((other) => /^[rwm]{1,3}$/.test(other));
  const containerPath = others.find((other) => other.startsWith('/'));
  return { hostPath, ...(containerPath && { containerPath }), ...(permissions && { permissions }) };
}

/** `name=soft[:hard]` (docker run --ulimit). */
export function ulimitOf(text: string): Ulimit | null {
  const found = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text.trim());
  if (!found?.[1]) return null;
  return { name: found[1], soft: Number(found[2]), hard: Number(found[3] ?? found[2]) };
}

const policies: Readonly<Record<string, RestartPolicy['name'] | undefined>> = {
  no: 'NO',
  always: 'ALWAYS',
  'unless-stopped': 'UNLESS_STOPPED',
  'on-failure': 'ON_FAILURE',
};

/** `no`, `always`, `unless-stopped` or `on-failure[:retries]`. */
export function restartPolicyOf(text: string): RestartPolicy | null {
  const [word, retries] = halves(text, ':');
  const name = policies[word];
  if (!name || (retries !== undefined && (name !== 'ON_FAILURE' || !/^\d+$/.test(retries)))) return null;
  return { name, ...(retries !== undefined && { maximumRetries: Number(retries) }) };
}

/** Docker takes TERM for SIGTERM; the API has one name for each. */
export function signalOf(text: string): string {
  const name = text.trim().toUpperCase();
  return /^\d+$/.test(name) || name.startsWith('SIG') ? name : `SIG${name}`;
}

/** `name:address`, or `name=address` as newer Dockers write it. */
export function extraHostOf(text: string): string {
  return text.replace(/^([^:=]+)=\[?([^\]]+)\]?$/, '$1:$2');
}

/** A text before and after the first separator; without one, nothing is after it. */
export function halves(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
