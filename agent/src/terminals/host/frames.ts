/**
 * What an agent and the process that holds a shell of the host say to each other, over one socket: a letter, the length of
 * what follows (4 bytes, big-endian), and that. Both are of one version, as they come together.
 */
export const frames = {
  /** To the shell: {@link Opening} as JSON, once, first. */
  open: 'O',
  /** To the shell: what was typed, UTF-8. */
  input: 'I',
  /** To the shell: {@link resizing}. */
  resize: 'R',
  /** To the shell: it is to end, with all that it started. */
  end: 'E',
  /** From the shell: it runs. */
  started: 'S',
  /** From the shell: it took so many bytes of input, as text. Input that nobody reads waits, and is counted. */
  taken: 'T',
  /** From the shell: what it wrote, as bytes. */
  output: 'D',
  /** From the shell: it has ended by itself; its exit code as text. */
  exited: 'X',
  /** From the shell: it could not be started; why, for people. */
  failed: 'F',
} as const;
export type FrameKind = (typeof frames)[keyof typeof frames];

/** What a shell is opened with. */
export interface Opening {
  /** Stands in the environment of everything that it starts. */
  readonly terminalId: string;
  /** As whom it must run: who opens a door for another account is told so, instead of getting a shell of a stranger. */
  readonly account: string;
  readonly columns: number;
  readonly rows: number;
}

const header = 5;
/** Bytes. Input is shorter, and output comes as the kernel hands it out. */
const longest = 1024 * 1024;

export function frame(kind: FrameKind, content: Buffer | string = ''): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const head = Buffer.allocUnsafe(header);
  head.write(kind, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function resizing(columns: number, rows: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt16BE(columns, 0);
  bytes.writeUInt16BE(rows, 2);
  return frame(frames.resize, bytes);
}

/** @throws Error when it is none */
export function sizeIn(content: Buffer): { readonly columns: number; readonly rows: number } {
  return { columns: content.readUInt16BE(0), rows: content.readUInt16BE(2) };
}

/** Takes frames out of bytes that come in any pieces. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @yields what has come whole @throws Error when they are no frames */
  *take(chunk: Buffer): Generator<{ readonly kind: string; readonly content: Buffer }> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= header) {
      const length = this.#rest.readUInt32BE(1);
      if (length > longest) throw new Error('a frame is too long');
      if (this.#rest.length < header + length) return;
      const kind = this.#rest.toString('latin1', 0, 1);
      const content = this.#rest.subarray(header, header + length);
      this.#rest = this.#rest.subarray(header + length);
      yield { kind, content };
    }
  }
}
