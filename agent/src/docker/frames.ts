import { AgentError } from '../errors.ts';

/** Takes a piece of one frame: the bytes `from`…`to` of `chunk`. `first` is true for the piece that begins the frame. */
export type TakePiece = (stream: 1 | 2, chunk: Buffer, from: number, to: number, first: boolean) => void;

const HEADER = 8;

/**
 * Takes the engine's multiplexed streams apart (Docker Engine API, "Attach to a container", Stream format): each frame is
 * a byte for the stream, three zero bytes, the length as 4 bytes big-endian, and the payload. Frames and chunks may cut
 * each other anywhere. Nothing is copied.
 */
export class FrameReader {
  readonly #header = Buffer.alloc(HEADER);
  #headerLength = 0;
  #stream: 1 | 2 = 1;
  /** Of the payload, bytes still to come. */
  #left = 0;

  /** @throws AgentError when it is no such stream */
  read(chunk: Buffer, take: TakePiece): void {
    let at = 0;
    while (at < chunk.length) {
      let first = false;
      if (this.#left === 0) {
        const need = Math.min(HEADER - this.#headerLength, chunk.length - at);
        chunk.copy(this.#header, this.#headerLength, at, at + need);
        this.#headerLength += need;
        at += need;
        if (this.#headerLength < HEADER) return;
        this.#begin();
        first = true;
      }
      const to = Math.min(chunk.length, at + this.#left);
      // An empty frame has nothing to say; one whose payload is yet to come begins with the next chunk.
      if (to > at || (first && this.#left > 0)) take(this.#stream, chunk, at, to, first);
      this.#left -= to - at;
      at = to;
    }
  }

  #begin(): void {
    const kind = this.#header.readUInt32BE(0);
    // 0 is standard input, echoed by some engines; 3 the engine's own complaint. Both belong with the errors.
    if (kind & 0x00ffffff || kind >>> 24 > 3) {
      throw new AgentError('DOCKER_ERROR', 'Docker sent a log in a form that is not known.');
    }
    this.#stream = kind >>> 24 === 1 ? 1 : 2;
    this.#left = this.#header.readUInt32BE(4);
    this.#headerLength = 0;
  }
}
