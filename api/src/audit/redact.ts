import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { storableText } from '../database/storable.ts';
import { redactText } from '../log.ts';

/** Names that hold secrets, wherever they stand in a parameter; a `value` is one of a variable, or a secret itself. */
const secretName =
  /pass(word|phrase|wd)?$|secret|token|proof|credential|private|api-?key|^code$|^env$|^value$|^mac$|^signature$|cookie/i;

/** What people type, look for or have run: on record is how much of it there was, as secrets stand in it anywhere. */
const written = /^(text|compose|dockerfile|command|entrypoint|test|comment)$/i;

const maxText = 300;
const maxItems = 50;
const maxDepth = 5;

/**
 * Parameters fit for the record: secrets blanked by the name of their field or by their look, what people wrote told by
 * its length, long texts and lists cut, so that nobody can fill the table with one request.
 */
export function redact(parameters: Readonly<Record<string, unknown>>): Prisma.InputJsonObject {
  return object(parameters, 0);
}

function object(value: object, depth: number): Prisma.InputJsonObject {
  const result: Record<string, Prisma.InputJsonValue | null> = {};
  for (const [name, item] of Object.entries(value).slice(0, maxItems)) {
    if (item === undefined) continue;
    result[shortened(name)] = recorded(name, item, depth);
  }
  return result;
}

function recorded(name: string, item: unknown, depth: number): Prisma.InputJsonValue | null {
  if (item === null) return null;
  if (secretName.test(name)) return '[redacted]';
  if (!written.test(name)) return plain(item, depth + 1);
  if (typeof item === 'string') return `[${item.length} characters]`;
  return Array.isArray(item) ? `[${item.length} items]` : '[redacted]';
}

function plain(value: unknown, depth: number): Prisma.InputJsonValue | null {
  switch (typeof value) {
    case 'string':
      return shortened(redactText(value));
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return value.toISOString();
      if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
      if (depth >= maxDepth) return '[too deep]';
      if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => plain(item, depth + 1));
      return object(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

/** The cut may go through a character. */
function shortened(text: string): string {
  return storableText(text.length > maxText ? `${text.slice(0, maxText)}…` : text);
}
