import { serverkit } from './main.ts';
import { exitCodes } from './failure.ts';
import manifest from '../package.json' with { type: 'json' };

const stop = new AbortController();
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    stop.abort();
  });
}

/** A reader that left (`| head`) wants nothing more, and that is no failure. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  });
}

const code = await serverkit(process.argv.slice(2), {
  env: process.env,
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  version: manifest.version,
});
process.exitCode = interrupted ? exitCodes.interrupted : code;
