import type { Engine } from './engine.ts';
import { array, flag, object, text, type JsonObject } from './json.ts';
import { batches } from './logs.ts';

/** Of its log, and of what its health check answered. */
const LINES = 30;
/** Lines can be of any length. */
const MOST_BYTES = 32 * 1024;
/** What failed is put right as soon as this is over. Ms. */
const PATIENCE = 5_000;

/** Told line by line, as a job is. */
export interface Hearer {
  line(text: string, stream?: 'STDOUT' | 'STDERR'): void;
}

/**
 * Tells what a container said last, and what its health check answered. Whoever learns that it failed needs it, and its log
 * is gone with it. Never throws: what keeps no log that can be read says so.
 *
 * @param name - by which whoever reads it knows the container
 */
export async function tellLastWords(
  engine: Pick<Engine, 'get' | 'stream'>,
  { id, name }: { readonly id: string; readonly name: string },
  job: Hearer,
): Promise<void> {
  try {
    const inspected = object(await engine.get(`/containers/${id}/json`));
    await tellLog(engine, { id, name, inspected }, job);
    const checks = array(object(object(inspected['State'])['Health'])['Log']);
    const answer = text(object(checks.at(-1))['Output']).trim();
    if (answer === '') return;
    job.line(`The health check of ${name} answered last:`, 'STDERR');
    job.line(answer.slice(0, MOST_BYTES).split('\n').slice(-LINES).join('\n'), 'STDERR');
  } catch {
    job.line(`The log of ${name} cannot be read.`, 'STDERR');
  }
}

async function tellLog(
  engine: Pick<Engine, 'stream'>,
  { id, name, inspected }: { readonly id: string; readonly name: string; readonly inspected: JsonObject },
  job: Hearer,
): Promise<void> {
  const query = { stdout: true, stderr: true, follow: false, tail: String(LINES) };
  const stream = await engine.stream(`/containers/${id}/logs`, query, AbortSignal.timeout(PATIENCE));
  try {
    let bytes = 0;
    const tty = flag(object(inspected['Config'])['Tty']);
    for await (const segments of batches(stream, { tty, timestamps: false })) {
      for (const { text: said, stream: from } of segments) {
        if (bytes === 0) job.line(`${name} said last:`, 'STDERR');
        job.line(said.replace(/\r?\n$/, ''), from);
        bytes += Buffer.byteLength(said);
      }
      if (bytes >= MOST_BYTES) return;
    }
    if (bytes === 0) job.line(`${name} said nothing.`, 'STDERR');
  } finally {
    stream.destroy();
  }
}
