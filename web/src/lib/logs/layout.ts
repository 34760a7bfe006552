/** Where the lines of a log are, when some of them wrap. Heights in rows of one text line. */
export class RowLayout {
  #offsets: Float64Array;
  #count = 0;

  constructor(capacity = 1024) {
    this.#offsets = new Float64Array(capacity + 1);
  }

  /** Lays out `count` lines, of which the first `known` are where they were. */
  measure(count: number, rows: (index: number) => number, known = 0): void {
    if (this.#offsets.length < count + 1) {
      const before = this.#offsets;
      this.#offsets = new Float64Array(Math.ceil(count * 1.5) + 1);
      this.#offsets.set(before);
    }
    const from = Math.min(known, this.#count, count);
    let offset = this.#offsets[from] ?? 0;
    for (let index = from; index < count; index++) {
      this.#offsets[index] = offset;
      offset += rows(index);
    }
    this.#offsets[count] = offset;
    this.#count = count;
  }

  get total(): number {
    return this.#offsets[this.#count] ?? 0;
  }

  offset(index: number): number {
    return this.#offsets[Math.min(index, this.#count)] ?? 0;
  }

  /** The line at a height, by halving. */
  at(row: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle + 1] ?? Infinity) <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The text of a line ends before the edge, in pixels: `pr-3` of its row. */
const edge = 12;

/**
 * How many characters of a line's text fit beside each other.
 *
 * @param width - of the box, without its scroll bar, in pixels
 * @param character - the width of one, in pixels
 * @param gutter - characters that stand before the text
 */
export function columnsIn(width: number, character: number, gutter: number): number {
  // A width that is a whole number of characters is not one less for what the division loses.
  return Math.max(1, Math.floor((width - edge) / character - gutter + 1e-3));
}

/** How many rows a text takes at a width in characters; wide characters count twice, tabs to the next eighth. */
export function rowsOf(text: string, columns: number): number {
  if (columns < 1) return 1;
  const simple = /^[\x20-\x7e]*$/.test(text);
  let width = simple ? text.length : 0;
  if (!simple) {
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      if (code === 9) width += 8 - (width % 8);
      else
        width +=
          code >= 0x1100 &&
          /\p{Extended_Pictographic}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u.test(
            character,
          )
            ? 2
            : 1;
    }
  }
  return Math.max(1, Math.ceil(width / columns));
}
