import { DamagedError } from './error.ts';

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** One part of an archive: JSON that says what it is, and bytes. */
export interface Section {
  readonly about: unknown;
  readonly body: Bytes;
}

/** A section that is being read: its body can be read once, and is passed over where nobody does. */
export interface FoundSection {
  readonly about: unknown;
  readonly body: AsyncIterable<Buffer>;
}

/** The first byte of a frame; its length follows, 32 bits, big-endian. */
const frame = { about: 1, data: 2, end: 3 } as const;
const frameHeaderBytes = 5;

/** A body may come in parts of any size; nobody has to hold one that is longer than this. */
const longestFrame = 1_048_576;

export async function* encodeSections(
  sections: AsyncIterable<Section> | Iterable<Section>,
): AsyncGenerator<Buffer> {
  for await (const { about, body } of sections) {
    yield* encode(frame.about, Buffer.from(JSON.stringify(about)));
    for await (const part of body) {
      for (let from = 0; from < part.length; from += longestFrame) {
        yield* encode(frame.data, part.subarray(from, from + longestFrame));
      }
    }
  }
  yield* encode(frame.end, Buffer.alloc(0));
}

function* encode(kind: number, payload: Uint8Array): Generator<Buffer> {
  const head = Buffer.alloc(frameHeaderBytes);
  head[0] = kind;
  head.writeUInt32BE(payload.length, 1);
  yield head;
  if (payload.length > 0) yield Buffer.from(payload.buffer, payload.byteOffset, payload.length);
}

/**
 * @yields the sections, in order
 * @throws DamagedError when the bytes do not end where sections do
 */
export async function* decodeSections(plain: AsyncIterable<Buffer>): AsyncGenerator<FoundSection> {
  const frames = decodeFrames(plain);
  try {
    let next = await take(frames);
    while (next.kind === frame.about) {
      const section = new Reading(frames);
      yield { about: JSON.parse(next.payload.toString('utf8')), body: section.body() };
      next = await section.over();
    }
    if (next.kind !== frame.end) throw new DamagedError('a part of it is of no known kind');
    if (!(await frames.next()).done) throw new DamagedError('it goes on behind its end');
  } finally {
    await frames.return();
  }
}

/** The body of one section, which its reader may leave anywhere. */
class Reading {
  readonly #frames: Frames;
  #following: Frame | undefined;

  constructor(frames: Frames) {
    this.#frames = frames;
  }

  async *body(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = await take(this.#frames);
      if (next.kind !== frame.data) {
        this.#following = next;
        return;
      }
      yield next.payload;
    }
  }

  /** Passes over what was not read. @returns what comes after the section */
  async over(): Promise<Frame> {
    while (!this.#following) {
      const next = await take(this.#frames);
      if (next.kind !== frame.data) this.#following = next;
    }
    return this.#following;
  }
}

interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
}

type Frames = AsyncGenerator<Frame, void, void>;

async function take(frames: Frames): Promise<Frame> {
  const { value } = await frames.next();
  if (!value) throw new DamagedError('it has no end');
  return value;
}

async function* decodeFrames(plain: AsyncIterable<Buffer>): Frames {
  let held: Buffer = Buffer.alloc(0);
  for await (const part of plain) {
    held = held.length === 0 ? part : Buffer.concat([held, part]);
    while (held.length >= frameHeaderBytes) {
      const length = held.readUInt32BE(1);
      if (length > longestFrame) throw new DamagedError('a part of it is too long');
      const end = frameHeaderBytes + length;
      if (held.length < end) break;
      yield { kind: held[0] ?? 0, payload: held.subarray(frameHeaderBytes, end) };
      held = held.subarray(end);
    }
  }
  if (held.length > 0) throw new DamagedError('it ends in the middle');
}
