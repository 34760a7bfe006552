import { StringDecoder } from 'node:string_decoder';
import { bounded } from './screen.ts';

/** Longest piece that is shown at once: less than 1 ms of work. Characters. */
const pieceLength = 4 * 1024;
/** Longest beginning of an order to the terminal that waits for its rest. Characters. */
const longestOrder = 256;

/** An escape sequence without its end (ECMA-48: introducer, parameters, intermediates; or a string up to BEL or ST). */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const begun = /^\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*|[ -/]*)$/;

/**
 * Makes text of what a shell writes, in pieces that end neither within a character nor within an order to the terminal:
 * between two pieces somebody may begin to look.
 */
export class OutputText {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  *take(chunk: Buffer): Generator<string> {
    const text = this.#rest + this.#decoder.write(chunk);
    const whole = text.length - unfinished(text);
    this.#rest = text.slice(whole);
    for (let at = 0; at < whole;) {
      const limit = Math.min(whole, at + pieceLength);
      const to =
        limit === whole ? whole : limit - Math.min(unfinished(text.slice(at, limit)), limit - at - 1);
      yield bounded(text.slice(at, to));
      at = to;
    }
  }
}

/** How much at the end is the beginning of something. Characters. */
function unfinished(text: string): number {
  const order = text.lastIndexOf('\u001b');
  if (order >= 0 && text.length - order <= longestOrder && begun.test(text.slice(order)))
    return text.length - order;
  const unit = text.charCodeAt(text.length - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? 1 : 0;
}
