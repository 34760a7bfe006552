import { Readable } from 'node:stream';
import { AgentError } from '../errors.ts';
import { withoutSecrets } from './masks.ts';
import { items } from './pull.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text, textOrNull } from '../docker/json.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';

export interface BuildOptions {
  readonly dockerfile: string;
  readonly tag: string;
  readonly arguments: readonly { readonly name: string; readonly value: string }[];
  /** Asks the registry for newer images that it builds on. */
  readonly pull: boolean;
  /** Uses nothing that was built before. */
  readonly noCache: boolean;
}

/** `Step 2/5 : RUN make`, as the engine writes it. */
const stepLine = /^Step \d+\/\d+ : .*/;

/** Builds an image from the text of a Dockerfile and nothing else, telling what the build says. @returns its id */
export async function buildImage(
  engine: Pick<Engine, 'open'>,
  options: BuildOptions,
  job: JobHandle,
): Promise<JobResult> {
  const { dockerfile, tag, pull, noCache } = options;
  const values = Object.fromEntries(options.arguments.map(({ name, value }) => [name, value]));
  const stream = await engine.open('POST', '/build', {
    query: {
      t: tag,
      rm: true,
      forcerm: true,
      pull: pull || undefined,
      nocache: noCache || undefined,
      buildargs: JSON.stringify(values),
    },
    body: Readable.from([tarOf('Dockerfile', Buffer.from(dockerfile))]),
    signal: job.signal,
  });
  let id = '';
  let rest = '';
  for await (const item of items(stream)) {
    const error = textOrNull(item['error']) ?? textOrNull(object(item['errorDetail'])['message']);
    if (error !== null) throw new AgentError('DOCKER_ERROR', error.slice(0, 400));
    id = textOrNull(object(item['aux'])['ID']) ?? id;
    const lines = (rest + text(item['stream'])).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(line, job);
    await job.ready();
  }
  say(rest, job);
  // What ended without an image was cut off.
  if (id === '') throw new AgentError('DOCKER_ERROR', 'Docker ended the build without an image.');
  return { id, tag };
}

/** The engine repeats the instructions, and those may set what is called a password. */
function say(line: string, job: JobHandle): void {
  if (stepLine.test(line)) job.step(withoutSecrets(line));
  else if (line.trim() !== '') job.line(withoutSecrets(line));
}

const BLOCK = 512;

/** An archive with one file in it (POSIX.1-2001, pax Interchange Format, ustar). */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    header.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  };
  header.write(name, 0, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('0', 156, 'latin1');
  // The sum counts its own place as spaces.
  header.fill(0x20, 148, 156);
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  const padding = Buffer.alloc(((BLOCK - (content.length % BLOCK)) % BLOCK) + 2 * BLOCK);
  return Buffer.concat([header, content, padding]);
}
