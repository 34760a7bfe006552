/** A stretch of text in one style. `fg` and `bg` are 0–15 of the palette, or a CSS colour the log chose itself. */
export interface Span {
  readonly text: string;
  readonly fg?: number | string;
  readonly bg?: number | string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
}

type Style = Omit<Span, 'text'>;
const styleKeys = ['fg', 'bg', 'bold', 'dim', 'italic', 'underline'] as const satisfies (keyof Style)[];
type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Escape sequences of ECMA-48: CSI (kept apart, for colours), OSC and the other strings with their end, and two-byte
 * escapes. Each alternative is linear: a hostile log cannot make it backtrack.
 */
const escapes =
  // oxlint-disable-next-line no-control-regex
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]/g;
/** What is left of C0 and C1 once lines are split; a tab stays. */
// oxlint-disable-next-line no-control-regex
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** Marks that turn the direction of text: in a log they can only make one line look like another. */
const bidi = /[\u202a-\u202e\u2066-\u2069]/g;

const clean = (text: string): string => text.replace(controls, '').replace(bidi, '');

/** A carriage return begins the line anew, as progress bars do: what was last on top is what counts. */
function afterReturn(text: string): string {
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  return text.slice(text.lastIndexOf('\r', end - 1) + 1, end);
}

/** The text without its colours and control characters: what is searched, copied and saved. */
export function plain(text: string): string {
  return clean(afterReturn(text).replace(escapes, ''));
}

/** The same of a text that is shown over several lines, as JSON is when it is spread. */
export function parseLines(text: string): readonly Span[] {
  const [first = '', ...others] = text.split('\n');
  return others.reduce((spans, line) => spans.concat({ text: '\n' }, parseAnsi(line)), [...parseAnsi(first)]);
}

/** Colours become spans, every other control sequence vanishes. Nothing of the text is ever markup. */
export function parseAnsi(text: string): readonly Span[] {
  const line = afterReturn(text);
  if (!line.includes('\x1b') && !line.includes('\x9b')) {
    const only = clean(line);
    return only === '' ? [] : [{ text: only }];
  }
  const spans: Span[] = [];
  let style: Style = {};
  let from = 0;
  const add = (to: number) => {
    const piece = clean(line.slice(from, to));
    if (piece !== '') spans.push({ text: piece, ...style });
  };
  for (const match of line.matchAll(escapes)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = restyle(style, match[1] ?? '');
  }
  add(line.length);
  return spans;
}

/** Applies the numbers of one SGR sequence. */
function restyle(before: Style, numbers: string): Style {
  const style: Mutable<Style> = { ...before };
  const codes = numbers.split(/[;:]/).map((number) => (number === '' ? 0 : Number(number)));
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 0) for (const key of styleKeys) delete style[key];
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) {
      delete style.bold;
      delete style.dim;
    } else if (code === 23) delete style.italic;
    else if (code === 24) delete style.underline;
    else if (code === 39) delete style.fg;
    else if (code === 49) delete style.bg;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 82;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 92;
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(index + 1));
      index += used;
      if (color !== undefined) style[code === 38 ? 'fg' : 'bg'] = color;
    }
  }
  return style;
}

/** `5;n` of the 256 colours or `2;r;g;b`; with how many numbers it took. */
function extended(codes: readonly number[]): readonly [number | string | undefined, number] {
  if (codes[0] === 5) {
    const color = codes[1] ?? 0;
    return [Number.isInteger(color) && color >= 0 && color < 256 ? indexed(color) : undefined, 2];
  }
  if (codes[0] === 2) {
    const [, red = 0, green = 0, blue = 0] = codes;
    const valid = [red, green, blue].every((part) => Number.isInteger(part) && part >= 0 && part < 256);
    return [valid ? `rgb(${red} ${green} ${blue})` : undefined, 4];
  }
  return [undefined, codes.length];
}

/** The xterm palette: 16 named colours, a cube of 6 × 6 × 6, and 24 greys. */
function indexed(color: number): number | string {
  if (color < 16) return color;
  if (color >= 232) {
    const grey = 8 + (color - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const part = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const rest = color - 16;
  return `rgb(${part(Math.floor(rest / 36))} ${part(Math.floor(rest / 6) % 6)} ${part(rest % 6)})`;
}
