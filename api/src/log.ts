import { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import type { Environment } from './env.ts';

const secretName =
  /pass(word|phrase|wd)?$|secret|token|authorization|cookie|proof|credential|api-?key|private-?key|sealed|setup-?code/i;

/** Our own token shape, bearer headers, and the password part of a URL. */
const secretText: readonly (readonly [RegExp, string])[] = [
  [/\bsk_[a-z0-9]+_[A-Za-z0-9_-]{8,}/g, '[redacted]'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*):[^\s@/"]+@/gi, '$1:[redacted]@'],
];

const maxDepth = 6;

/** A copy of the fields in which every value whose name sounds like a secret is replaced. */
export function redactFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretName.test(name) && (typeof value === 'string' || typeof value === 'object') && value !== null
        ? '[redacted]'
        : redactValue(value, depth),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date)
    return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactFields({ ...value }, depth + 1);
}

/** Text with anything that looks like a secret taken out. */
export function redactText(text: string): string {
  return secretText.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text);
}

/**
 * The process log: one JSON object per line, or something readable on a terminal. Secrets are taken out twice, by
 * the name of the field and by the look of the finished line, since errors of libraries quote what they were given.
 */
export async function createLog(
  env: Pick<Environment, 'logLevel'>,
  output: Writable & { readonly isTTY?: boolean } = process.stdout,
): Promise<Logger> {
  const target = output.isTTY ? await readable(output) : output;
  const destination = new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      target.write(redactText(line.toString()));
      done();
    },
  });
  return pino(
    {
      level: env.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redactFields(fields) },
    },
    destination,
  );
}

async function readable(output: Writable): Promise<Writable> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: output,
    colorize: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    sync: true,
  });
}
