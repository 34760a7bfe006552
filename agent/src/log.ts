import { RotatingFile } from './rotating-file.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

type Details = Readonly<Record<string, string | number | boolean | undefined>>;

/** The agent's own log. Never give it tokens, keys or the values of a container's environment. */
export interface Log {
  debug(message: string, details?: Details): void;
  info(message: string, details?: Details): void;
  warn(message: string, details?: Details): void;
  error(message: string, details?: Details): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Written to besides standard error. */
  readonly file?: { readonly path: string; readonly maxBytes: number; readonly backups: number } | undefined;
  /** Replaces standard error, for tests. */
  readonly write?: (line: string) => void;
}

/** A registration token that slipped into a message, for example inside a URL someone pasted. */
const token = /sk_(reg|api)_[A-Za-z0-9_-]+/g;

/** Control characters would let a hostile container name forge lines or steer the reader's terminal. */
const control = /[\p{Cc}\u2028\u2029]/gu;

function clean(text: string): string {
  return text
    .replace(token, 'sk_$1_…')
    .replace(control, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function format(level: LogLevel, message: string, details: Details | undefined): string {
  let line = `${new Date().toISOString()} ${level.padEnd(5)} ${clean(message)}`;
  for (const [key, value] of Object.entries(details ?? {})) {
    if (value === undefined) continue;
    line += ` ${key}=${typeof value === 'string' ? JSON.stringify(clean(value)) : String(value)}`;
  }
  return `${line}\n`;
}

/**
 * Lines `<time> <level> <message> key=value …` on standard error and, if asked, in a rotating file. A file
 * that cannot be written is reported on standard error once; logging itself never throws.
 */
export function createLog(options: LogOptions): Log {
  const toStderr = options.write ?? ((line: string) => void process.stderr.write(line));
  const file = options.file && new RotatingFile({ ...options.file, mode: 0o640 });
  const least = logLevels.indexOf(options.level);
  let complained = false;

  const at = (level: LogLevel) => (message: string, details?: Details) => {
    if (logLevels.indexOf(level) < least) return;
    const line = format(level, message, details);
    toStderr(line);
    try {
      file?.append(line);
    } catch (error) {
      if (complained) return;
      complained = true;
      toStderr(format('error', 'the log file cannot be written', { reason: String(error) }));
    }
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Discards everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
