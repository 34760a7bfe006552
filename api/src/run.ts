import { flushCompileCache } from 'node:module';
import { readEnvironment } from './env.ts';
import { createLog } from './log.ts';
import { start } from './start.ts';
import { errorText, StartupError } from './startup-error.ts';

/** From the wish to stop to the exit, in ms: what supervisors grant before they kill. */
const stopPatience = 9_500;

/**
 * Signals within this time (ms) are one wish: a supervisor signals the whole group, and npm and our starter send on
 * what they got themselves. A later one is impatience.
 */
const oneWish = 1_000;

interface Ending {
  readonly exitCode: 0 | 1;
  /** For the log. */
  readonly reason: string;
}

const ending = Promise.withResolvers<Ending>();

function end(exitCode: Ending['exitCode'], reason: string): void {
  ending.resolve({ exitCode, reason });
  setTimeout(() => process.exit(1), stopPatience).unref();
}

let asked: number | undefined;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    asked ??= performance.now();
    if (performance.now() - asked > oneWish) process.exit(1);
    end(0, signal);
  });
}

// Whoever reads our output may go away; that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const env = readEnvironment(process.env);
  const log = await createLog(env);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, 'a bug in ServerKit ends it; please report it');
      end(1, event);
    });
  }
  for (const warning of env.warnings) log.warn(warning);
  const running = await start(env, log, (error) => {
    process.stderr.write(`${error.message}\n`);
    end(1, 'the database was taken over');
  });
  process.stdout.write(`ServerKit is ready at ${running.url}\n`);
  await running.started();
  flushCompileCache();
  const { exitCode, reason } = await ending.promise;
  log.info({ reason }, 'stopping');
  await running.stop();
  log.info('stopped');
  process.exit(exitCode);
} catch (error) {
  // Only what was foreseen is a whole sentence; the rest is a bug and keeps its stack.
  const known = error instanceof StartupError;
  process.stderr.write(known ? `${error.message}\n` : `ServerKit cannot start: ${errorText(error)}\n`);
  if (!known && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
