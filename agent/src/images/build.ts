import { Readable } from 'node:stream';
import { AgentError } from '../errors.ts';
import { withoutSecrets } from './masks.ts';
import { items } from './pull.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text, textOrNull } from '../docker/json.ts';
import { tarOf } from '../docker/tar.ts';
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
    body: Readable.from([tarOf([{ name: 'Dockerfile', content: Buffer.from(dockerfile) }])]),
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
