/** Longest piece that is sent at once. Characters. */
const longest = 16 * 1024;

/**
 * What is typed, sent in order: one piece at a time, and whatever was typed meanwhile with the next. So a far-away server
 * gets fewer and longer pieces, and never two in the wrong order.
 */
export class Typing {
  readonly #send: (text: string) => Promise<void>;
  #waiting = '';
  #busy = false;

  /** @param send - rejects when it was not taken: what waits behind it is dropped then */
  constructor(send: (text: string) => Promise<void>) {
    this.#send = send;
  }

  type(text: string): void {
    this.#waiting += text;
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting !== '') {
        const piece = this.#waiting.slice(0, cut(this.#waiting));
        this.#waiting = this.#waiting.slice(piece.length);
        await this.#send(piece);
      }
    } catch {
      this.#waiting = '';
    } finally {
      this.#busy = false;
    }
  }
}

/** Never within a character. */
function cut(text: string): number {
  if (text.length <= longest) return text.length;
  const unit = text.charCodeAt(longest - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? longest - 1 : longest;
}
