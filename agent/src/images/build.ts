import { Readable } from 'node:stream';
import { AgentError } from '../errors.ts';
import { withoutSecrets } from './masks.ts';
import { items } from './pull.ts';
import { plainWords } from '../docker/engine-error.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text, textOrNull } from '../docker/json.ts';
import { tarOf } from '../docker/tar.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';

/** An archive with what a build copies from. Whoever builds disposes of it, once the engine has it. */
export interface BuildContext extends AsyncDisposable {
  readonly sizeBytes: number;
  read(): Readable;
}

export interface BuildOptions {
  /** Its text, or where it is in the archive. */
  readonly dockerfile: string;
  /** A tar archive, be it compressed; without one there is nothing but the Dockerfile. */
  readonly context?: BuildContext;
  readonly tag: string;
  readonly arguments: readonly { readonly name: string; readonly value: string }[];
  /** Asks the registry for newer images that it builds on. */
  readonly pull: boolean;
  /** Uses nothing that was built before. */
  readonly noCache: boolean;
}

/** `Step 2/5 : RUN make`, as the engine writes it. */
const stepLine = /^Step \d+\/\d+ : .*/;

/** Builds an image from the text of a Dockerfile or from an archive, telling what the build says. @returns its id */
export async function buildImage(
  engine: Pick<Engine, 'open'>,
  options: BuildOptions,
  job: JobHandle,
): Promise<JobResult> {
  const { tag } = options;
  const stream = await begin(engine, options, job);
  let id = '';
  let rest = '';
  for await (const item of items(stream)) {
    const error = textOrNull(item['error']) ?? textOrNull(object(item['errorDetail'])['message']);
    if (error !== null) throw told(new AgentError('DOCKER_ERROR', plainWords(error).slice(0, 400)));
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

/** The engine reads all of an archive before it answers, so that what is wrong with one is told here. */
async function begin(engine: Pick<Engine, 'open'>, options: BuildOptions, job: JobHandle): Promise<Readable> {
  const { dockerfile, context, tag, pull, noCache } = options;
  const values = Object.fromEntries(options.arguments.map(({ name, value }) => [name, value]));
  const body = context
    ? Readable.from(sent(context, job), { objectMode: false })
    : Readable.from([tarOf([{ name: 'Dockerfile', content: Buffer.from(dockerfile) }])]);
  const call = {
    query: {
      t: tag,
      dockerfile: context && dockerfile,
      rm: true,
      forcerm: true,
      pull: pull || undefined,
      nocache: noCache || undefined,
      buildargs: JSON.stringify(values),
    },
    body,
    signal: job.signal,
  };
  try {
    return await engine.open('POST', '/build', call);
  } catch (error) {
    throw context ? ofArchive(told(error), dockerfile) : told(error);
  } finally {
    await context?.[Symbol.asyncDispose]();
  }
}

/** @yields the archive, telling how far it is */
async function* sent(context: BuildContext, job: JobHandle): AsyncGenerator<Buffer> {
  const total = context.sizeBytes;
  let current = 0;
  for await (const chunk of context.read() as AsyncIterable<Buffer>) {
    yield chunk;
    current += chunk.length;
    const status = current < total ? 'Sending' : 'Sent';
    job.progress({ item: 'context', status, current, total, unit: 'BYTES' });
  }
}

/** What of the engine's words a person can do something about. */
function told(error: unknown): unknown {
  if (!(error instanceof AgentError) || !/no space left|disk quota exceeded/i.test(error.message))
    return error;
  return new AgentError('CONFLICT', 'The disk that Docker builds on is full; no image was made.', error);
}

/** The engine's own words for it (moby, builder/remotecontext; Go, archive/tar and compress/gzip). */
function ofArchive(error: unknown, dockerfile: string): unknown {
  if (!(error instanceof AgentError)) return error;
  if (/cannot locate specified dockerfile/i.test(error.message)) {
    const shown = JSON.stringify(dockerfile.slice(0, 120));
    return new AgentError('INPUT_INVALID', `There is no ${shown} in the archive to build from.`, error);
  }
  if (/unexpected eof|tar header|gzip: invalid|flate: corrupt/i.test(error.message)) {
    return new AgentError('INPUT_INVALID', `The archive is damaged: ${error.message}`, error);
  }
  return error;
}

/** The engine repeats the instructions, and those may set what is called a password. */
function say(line: string, job: JobHandle): void {
  if (stepLine.test(line)) job.step(withoutSecrets(line));
  else if (line.trim() !== '') job.line(withoutSecrets(line));
}
