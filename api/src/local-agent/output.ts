import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';

/** Lines of the agent's log: `<time> <level> <message> key=value …`. */
const line = /^\S+ (debug|info|warn|error) +(.*)$/;

/** Puts what the agent prints into our own log, at its own level. */
export function forwardOutput(streams: readonly (Readable | null)[], log: Logger): void {
  for (const stream of streams) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (text) => {
      const [, level, message = ''] = line.exec(text) ?? [];
      if (level === 'debug' || level === 'info' || level === 'warn' || level === 'error') log[level](message);
      else if (text !== '') log.warn(text);
    });
  }
}
