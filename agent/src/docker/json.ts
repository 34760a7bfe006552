/**
 * Reads what the engine sent. Its replies are another program's words: a field that is missing or of another type reads
 * as its empty value, so that a newer or a broken engine costs a detail and not the whole list.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const nothing: JsonObject = {};

export function object(value: unknown): JsonObject {
  return isObject(value) ? value : nothing;
}

export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Longest text that is taken over. Labels may be of any length, and messages to the control plane may not. */
const MAX_TEXT = 4096;

export function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  // The cut may go through a character.
  return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT - 1).toWellFormed()}…` : value;
}

/** Null for '' and for anything that is not text. */
export function textOrNull(value: unknown): string | null {
  return text(value) || null;
}

export function texts(value: unknown): string[] {
  return array(value).map(text);
}

export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function flag(value: unknown): boolean {
  return value === true;
}

/** An RFC 3339 time in ms since 1970; null for Go's zero time, which stands for "never". */
export function time(value: unknown): number | null {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}

/** @returns undefined for text that is not JSON */
export function parse(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}
