import { plain } from './ansi.ts';

/** How bad a line is, the worst first. */
export const levels = ['error', 'warning', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];

/** Where a level stands, if a line names one. Characters. */
const head = 200;

const words: Readonly<Record<string, Level>> = {
  emerg: 'error',
  emergency: 'error',
  alert: 'error',
  fatal: 'error',
  panic: 'error',
  crit: 'error',
  critical: 'error',
  severe: 'error',
  err: 'error',
  error: 'error',
  warn: 'warning',
  warning: 'warning',
  notice: 'info',
  info: 'info',
  information: 'info',
  debug: 'debug',
  trace: 'debug',
  verbose: 'debug',
};
const names = Object.keys(words).join('|');

/** `"level":"warn"`, `severity=ERROR`. */
const named = new RegExp(`\\b(?:level|lvl|severity|log\\.level)["']?\\s*[:=]\\s*["']?(${names})\\b`, 'i');
/** pino and bunyan count: 30 is info, 40 a warning, 50 an error. */
const numbered = /"level"\s*:\s*([1-6])0\b/;
/** `[error]`, `<warn>`, ` ERROR `, `WARNING:`; in capitals or in brackets, as sentences have such words as well. */
const bracketed = new RegExp(`[[<(](${names})[\\])>:]`, 'i');
const shouted = new RegExp(`(?:^|[\\s|:.\\]])(${names.toUpperCase()})(?=$|[\\s|:,\\]])`);
/** Of klog and glog: `E0102 15:04:05`. */
const lettered = /^([EWIF])\d{4} \d\d:/;
const letters: Readonly<Record<string, Level>> = { E: 'error', F: 'error', W: 'warning', I: 'info' };

const known = new WeakMap<object, Level | null>();

/** The level that a line says it has; null when it says none. Worked out once for each. */
export function levelOfLine(line: { readonly text: string }): Level | null {
  const found = known.get(line);
  if (found !== undefined) return found;
  const level = levelOf(line.text);
  known.set(line, level);
  return level;
}

export function levelOf(text: string): Level | null {
  const line = plain(text.slice(0, 4 * head)).slice(0, head);
  const word = (named.exec(line) ?? bracketed.exec(line) ?? shouted.exec(line))?.[1];
  if (word !== undefined) return words[word.toLowerCase()] ?? null;
  const digit = Number(numbered.exec(line)?.[1] ?? 0);
  if (digit > 0) return digit >= 5 ? 'error' : digit === 4 ? 'warning' : digit === 3 ? 'info' : 'debug';
  return letters[lettered.exec(line)?.[1] ?? ''] ?? null;
}

/** Whether a line with this level is among those at least so bad. What says no level is as bad as its stream. */
export function isAtLeast(level: Level | null, least: Level, stream: 'STDOUT' | 'STDERR'): boolean {
  return levels.indexOf(level ?? (stream === 'STDERR' ? 'warning' : 'info')) <= levels.indexOf(least);
}
