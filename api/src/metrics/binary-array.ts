/**
 * Element types by their oid (PostgreSQL's pg_type.dat).
 */
const oids = { bytea: 17, int8: 20, int4: 23, float8: 701, timestamptz: 1184 } as const;

export type ElementType = keyof typeof oids;

/** ndim, whether there are nulls, oid, length, lower bound: array_recv() in PostgreSQL's arrayfuncs.c. */
const headerBytes = 20;

const initialBytes = 4_096;

/** PostgreSQL counts from 2000-01-01, in microseconds. */
const postgresEpochMs = Date.UTC(2000, 0, 1);

const high = 2 ** 32;

/**
 * An array in PostgreSQL's binary format, written as its elements come. Sent as a parameter it costs neither side the
 * digits of its numbers, which for a row of metrics are most of the work.
 */
export class BinaryArray {
  readonly #type: ElementType;
  #bytes = Buffer.allocUnsafe(initialBytes);
  #end = headerBytes;
  #length = 0;

  constructor(type: ElementType) {
    this.#type = type;
  }

  null(): void {
    this.#reserve(0);
    this.#end = this.#bytes.writeInt32BE(-1, this.#end);
  }

  /** @param value - of 32 bits */
  int4(value: number): void {
    this.#reserve(4);
    this.#end = this.#bytes.writeInt32BE(value, this.#bytes.writeInt32BE(4, this.#end));
  }

  /** @param value - a safe integer */
  int8(value: number): void {
    const upper = Math.floor(value / high);
    this.halves(upper >>> 0, (value - upper * high) >>> 0);
  }

  /** 64 bits as two numbers of 32. */
  halves(upper: number, lower: number): void {
    this.#reserve(8);
    const at = this.#bytes.writeInt32BE(8, this.#end);
    this.#end = this.#bytes.writeUInt32BE(lower, this.#bytes.writeUInt32BE(upper, at));
  }

  float8(value: number): void {
    this.#reserve(8);
    this.#end = this.#bytes.writeDoubleBE(value, this.#bytes.writeInt32BE(8, this.#end));
  }

  /** @param value - ms since 1970 */
  timestamptz(value: number): void {
    this.int8((value - postgresEpochMs) * 1000);
  }

  bytea(value: Buffer): void {
    this.#reserve(value.length);
    const at = this.#bytes.writeInt32BE(value.length, this.#end);
    value.copy(this.#bytes, at);
    this.#end = at + value.length;
  }

  /** All elements, or the one at an index: to be sent once, before more are added. */
  finish(index?: number): Buffer {
    if (index === undefined) return this.#head(this.#bytes.subarray(0, this.#end), this.#length);
    let at = headerBytes;
    for (let skip = index; skip > 0; skip--) at = this.#next(at);
    return this.#head(
      Buffer.concat([Buffer.alloc(headerBytes), this.#bytes.subarray(at, this.#next(at))]),
      1,
    );
  }

  #next(at: number): number {
    return at + 4 + Math.max(0, this.#bytes.readInt32BE(at));
  }

  #head(bytes: Buffer, length: number): Buffer {
    // The flag for nulls is only a hint: a length of -1 is what makes one.
    for (const [index, value] of [1, 1, oids[this.#type], length, 1].entries()) {
      bytes.writeInt32BE(value, index * 4);
    }
    return bytes;
  }

  #reserve(bytes: number): void {
    this.#length += 1;
    const needed = this.#end + 4 + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}
