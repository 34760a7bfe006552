import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { FrameReader } from '../docker/frames.ts';
import { number, object, text } from '../docker/json.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { endMarked, markVariable } from './marked.ts';
import { entered, type Work } from './work.ts';

export interface ExecOptions {
  readonly command: readonly string[];
  /** Name or number, with a group after a colon if wanted; the container's own when null. */
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** After which it is ended. Ms. */
  readonly timeoutMs: number;
}

export const execEnds = ['ENDED', 'OUTPUT_LIMIT', 'TIMEOUT'] as const;

export interface ExecResult {
  /** Null when it was ended. */
  readonly exitCode: number | null;
  /** Both streams as they came; what is not UTF-8 becomes U+FFFD. */
  readonly output: string;
  /** Why there is no more output. */
  readonly end: (typeof execEnds)[number];
}

/** As much of the output as is told; a command that says more is ended. Bytes. */
export const maxExecOutput = 1024 * 1024;

/**
 * Runs a command in a container to its end, without input. One that takes too long or says too much is ended with all that
 * it has started.
 *
 * @throws AgentError CONFLICT when the container does not run, or the command could not be ended; PRIVILEGE_NEEDED, …
 */
export async function exec(reference: string, options: ExecOptions, work: Work): Promise<ExecResult> {
  const { engine } = work.docker;
  const { container } = await entered(work, reference, 'Running a command in');
  const mark = randomBytes(12).toString('hex');
  throwIfAborted(work.signal);
  const made = object(
    await engine.call('POST', `/containers/${container.id}/exec`, {
      body: {
        AttachStdout: true,
        AttachStderr: true,
        Cmd: options.command,
        Env: [...options.environment.map(({ name, value }) => `${name}=${value}`), `${markVariable}=${mark}`],
        ...(options.user === null ? {} : { User: options.user }),
        ...(options.workingDir === null ? {} : { WorkingDir: options.workingDir }),
      },
    }),
  );
  const path = `/exec/${text(made['Id'])}`;
  const limit = AbortSignal.timeout(options.timeoutMs);
  const until = AbortSignal.any([work.signal, limit]);
  // Its life is told by destroying it.
  const stream = await engine.hijack(`${path}/start`, {
    body: { Detach: false, Tty: false },
    signal: new AbortController().signal,
  });
  try {
    const { output, whole } = await collect(stream, until);
    if (whole) {
      const exitCode = number(object(await engine.get(`${path}/json`))['ExitCode']);
      return { exitCode, output, end: 'ENDED' };
    }
    await endMarked(engine, { id: container.id, user: options.user, mark });
    if (work.signal.aborted)
      throw new AgentError('CANCELLED', 'The command was ended, as nobody waits for it.');
    return { exitCode: null, output, end: limit.aborted ? 'TIMEOUT' : 'OUTPUT_LIMIT' };
  } finally {
    stream.destroy();
  }
}

/**
 * What a command said, up to {@link maxExecOutput}, in one piece of memory: one that says a byte at a time would otherwise
 * keep the buffer that each of them came in.
 */
export class Kept {
  #bytes = Buffer.allocUnsafe(4_096);
  #size = 0;

  get full(): boolean {
    return this.#size >= maxExecOutput;
  }

  /** In memory. Bytes. */
  get held(): number {
    return this.#bytes.length;
  }

  /** @returns whether all of it found room */
  take(piece: Buffer): boolean {
    const fits = piece.subarray(0, maxExecOutput - this.#size);
    const size = this.#size + fits.length;
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, Math.min(2 * this.#bytes.length, maxExecOutput)));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    fits.copy(this.#bytes, this.#size);
    this.#size = size;
    return fits.length === piece.length;
  }

  text(): string {
    return this.#bytes.toString('utf8', 0, this.#size);
  }
}

async function collect(
  stream: Duplex,
  until: AbortSignal,
): Promise<{ readonly output: string; readonly whole: boolean }> {
  const frames = new FrameReader();
  const kept = new Kept();
  const stop = (): void => void stream.destroy();
  until.addEventListener('abort', stop, { once: true });
  const told = (): string => kept.text();
  try {
    if (until.aborted) return { output: '', whole: false };
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      frames.read(chunk, (_stream, bytes, from, to) => {
        if (!kept.take(bytes.subarray(from, to))) stream.destroy();
      });
      if (stream.destroyed) return { output: told(), whole: false };
    }
    return { output: told(), whole: !until.aborted };
  } catch (error) {
    if (until.aborted || kept.full) return { output: told(), whole: false };
    throw new AgentError('DOCKER_UNAVAILABLE', 'Docker broke the connection while the command ran.', error);
  } finally {
    until.removeEventListener('abort', stop);
  }
}
