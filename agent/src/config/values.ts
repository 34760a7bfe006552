import path from 'node:path';
import { isScopePattern, type ScopePattern } from '@serverkit/wire/scopes.ts';
import type { Parse } from './reader.ts';

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

export const boolean: Parse<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Error(`must be true or false, not ${shown(value)}`);
};

export const text: Parse<string> = (value) => {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new Error(`must be text, not ${shown(value)}`);
};

export const absolutePath: Parse<string> = (value) => {
  const name = text(value);
  if (path.isAbsolute(name) && !name.includes('\0')) return path.normalize(name);
  throw new Error(`must be an absolute path, not ${shown(value)}`);
};

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `5m`, `1h` in milliseconds; both bounds belong to the range. */
export function duration(least: number, most: number): Parse<number> {
  return (value) => {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(value)) ?? [];
    const factor = durationUnits[unit];
    if (amount === undefined || factor === undefined) {
      throw new Error(`must be a duration such as 30s, 5m or 1h, not ${shown(value)}`);
    }
    const ms = Number(amount) * factor;
    if (ms >= least && ms <= most) return ms;
    throw new Error(`must be between ${durationText(least)} and ${durationText(most)}, not ${shown(value)}`);
  };
}

/** A duration the way the file writes it, in the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    const factor = durationUnits[unit] ?? 1;
    if (ms >= factor && ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `100MB`, `512K`, `1GiB` in bytes; units are powers of 1024. */
export function size(least: number, most: number): Parse<number> {
  return (value) => {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(String(value)) ?? [];
    const factor = sizeUnits[unit.toUpperCase()];
    if (amount === undefined || factor === undefined) {
      throw new Error(`must be a size such as 100MB, not ${shown(value)}`);
    }
    const bytes = Math.round(Number(amount) * factor);
    if (bytes >= least && bytes <= most) return bytes;
    throw new Error(`must be between ${sizeText(least)} and ${sizeText(most)}, not ${shown(value)}`);
  };
}

/** A size the way the file writes it, in the largest unit that needs no fraction. */
export function sizeText(bytes: number): string {
  for (const unit of ['G', 'M', 'K'] as const) {
    const factor = sizeUnits[unit] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}B`;
  }
  return `${bytes}B`;
}

export function wholeNumber(least: number, most: number): Parse<number> {
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`must be a whole number between ${least} and ${most}, not ${shown(value)}`);
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
  return (value) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new Error(`must be one of ${choices.join(', ')}, not ${shown(value)}`);
  };
}

export function listOf<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (value) => {
    if (Array.isArray(value)) return value.map((item: unknown) => parse(item));
    throw new Error(`must be a list, not ${shown(value)}`);
  };
}

/** For switches of later versions: the file may say what is the case anyway, and nothing else. */
export function only(allowed: unknown, why: string): Parse<undefined> {
  return (value) => {
    if (JSON.stringify(value) === JSON.stringify(allowed)) return undefined;
    throw new Error(`can only be ${shown(allowed)} in this version: ${why}`);
  };
}

const scopePattern: Parse<ScopePattern> = (value) => {
  if (typeof value === 'string' && isScopePattern(value)) return value;
  throw new Error(`holds ${shown(value)}, which is not a scope; see serverkit-agent config allow --help`);
};

export const scopes: Parse<readonly ScopePattern[] | 'managed'> = (value) =>
  value === 'managed' ? 'managed' : listOf(scopePattern)(value);

/** `https://host[:port][/base]`, `wss://…/agent/ws`, their plain forms, or `unix:/path/to/socket`. */
export const serverUrl: Parse<string> = (value) => {
  const url = text(value);
  if (/^unix:\/./.test(url)) return url;
  if (!URL.canParse(url))
    throw new Error(`must be an address such as https://serverkit.example.com, not ${shown(value)}`);
  const { protocol, username, password, search, hash } = new URL(url);
  if (!['https:', 'wss:', 'http:', 'ws:'].includes(protocol)) {
    throw new Error(`must begin with https:// or wss://, not ${protocol}//`);
  }
  if (username || password) throw new Error('must not hold a user name or password');
  if (search || hash) throw new Error('must not hold a query or fragment');
  return url;
};

export const sha256Hex: Parse<string> = (value) => {
  const digits = text(value).replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new Error(`must be the 64 hex digits of a SHA-256 fingerprint, not ${shown(value)}`);
};

/** The name of an account, as useradd(8) takes it. */
export const account: Parse<string> = (value) => {
  const name = text(value);
  if (/^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$/.test(name)) return name;
  throw new Error(`must be the name of an account, not ${shown(value)}`);
};

/** A unix socket, or a named pipe of Windows as `npipe:////./pipe/name`. */
export const dockerSocket: Parse<string> = (value) => {
  const socket = text(value)
    .replace(/^unix:\/\//, '')
    .replace(/^npipe:/, '');
  if (path.isAbsolute(socket) || socket.startsWith('//./pipe/')) return socket;
  throw new Error(`must be the absolute path of Docker's socket, not ${shown(value)}`);
};
