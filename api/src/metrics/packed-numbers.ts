/**
 * Numbers in as few bytes as they need. Whole numbers are varints (seven bits a byte, the low ones first, as in
 * Protocol Buffers' "Base 128 Varints"). Decimals are hundredths as zigzag varints, shifted by one so that 0 can
 * announce a number with more decimals, which follows as a double.
 */
const initialBytes = 256;

/** Hundredths up to here are exact, and stay so when doubled for the zigzag. */
const mostHundredths = 2 ** 51;

export class Packer {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #length = 0;

  /** @param value - a safe integer of 0 or more */
  whole(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Any finite number; cheapest with at most two decimals. */
  decimal(value: number): void {
    const hundredths = Math.round(value * 100);
    if (hundredths / 100 === value && Math.abs(hundredths) < mostHundredths) {
      this.whole(hundredths < 0 ? -2 * hundredths : 2 * hundredths + 1);
      return;
    }
    this.#reserve(9);
    this.#bytes[this.#length++] = 0;
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

export class Unpacker {
  readonly #bytes: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws RangeError at the end of the bytes */
  whole(): number {
    let value = 0;
    for (let place = 1; ; place *= 0x80) {
      const byte = this.#bytes.getUint8(this.#at++);
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return value;
    }
  }

  /** @throws RangeError at the end of the bytes */
  decimal(): number {
    const coded = this.whole();
    if (coded === 0) {
      const value = this.#bytes.getFloat64(this.#at, true);
      this.#at += 8;
      return value;
    }
    return (coded % 2 === 0 ? -(coded / 2) : (coded - 1) / 2) / 100;
  }
}
