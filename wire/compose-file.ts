import {
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type ScalarTag,
  type Tags,
} from 'yaml';

/** Something that is wrong with a stack's file, for a person who edits it. */
export interface ComposeProblem {
  /** From 1; null where it cannot be told. */
  readonly line: number | null;
  readonly message: string;
}

/** A Compose file cannot be used. */
export class ComposeFileError extends Error {
  override readonly name = 'ComposeFileError';
  readonly problems: readonly ComposeProblem[];

  constructor(problems: readonly ComposeProblem[]) {
    super(problems[0]?.message ?? 'It cannot be used.');
    this.problems = problems;
  }
}

/** More than anybody writes by hand. Bytes. */
export const MAX_FILE = 1024 * 1024;
/** What an alias may be unfolded to: a few lines could else stand for gigabytes. */
const MAX_ALIASES = 1000;
/** Nobody reads more of what is wrong with a file. */
export const MAX_PROBLEMS = 100;

/** Compose reads numbers as YAML 1.1 did: `mode: 0440` is octal. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};

/** A Compose file as it was understood. */
export interface ComposeFile {
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * The same as JSON, which is what Compose is given in its place: two readers of YAML differ in the corners of the
   * language, and then Compose would be told something else than what was judged.
   */
  readonly json: string;
  /** The line of what stands there, or of what is nearest above it. From 1; null for a path that leads nowhere. */
  lineOf(path: readonly (string | number)[]): number | null;
}

/**
 * @param part - of a stack, which another file includes, and which need not have services
 * @throws ComposeFileError with the line of each problem
 */
export function readComposeFile(text: string, part = false): ComposeFile {
  if (Buffer.byteLength(text) > MAX_FILE) throw tooLarge('The file');
  const lines = new LineCounter();
  const { document, value, json } = parsed(text, lines);
  if (!isRecord(value))
    throw new ComposeFileError([{ line: 1, message: 'The file must be a map of keys to values.' }]);
  if (!part && (!isRecord(value['services']) || Object.keys(value['services']).length === 0)) {
    throw new ComposeFileError([
      { line: null, message: 'The file must have services with at least one of them.' },
    ]);
  }
  return {
    value,
    json,
    lineOf: (path) => lineOf(document, lines, path),
  };
}

export function tooLarge(what: string): ComposeFileError {
  return new ComposeFileError([{ line: null, message: `${what} is larger than 1 MB.` }]);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * JSON that each reader of YAML takes for the same. Some characters break lines in YAML 1.1, or must not stand in it at
 * all, and so are escaped.
 */
export function jsonForCompose(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface Parsed {
  readonly document: Document;
  readonly value: unknown;
  readonly json: string;
}

/** @throws ComposeFileError */
function parsed(text: string, lines: LineCounter): Parsed {
  const customTags = (tags: Tags): Tags => [octal, ...tags];
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      schema: 'core',
      merge: true,
      customTags,
      // Its own search compares each key with all before it: a megabyte of keys would hold the agent up for minutes.
      uniqueKeys: false,
    });
    const wrong = [...document.errors, ...document.warnings].map(({ message, pos: [at] }) => ({
      at,
      message,
    }));
    const problems = (wrong.length > 0 ? wrong : repeatedKeys(document))
      .slice(0, MAX_PROBLEMS)
      .map(({ at, message }) => ({ line: lines.linePos(at).line, message: sentence(message) }));
    if (problems.length > 0) throw new ComposeFileError(problems);
    const value = unfold(document);
    return { document, value, json: jsonForCompose(value) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ComposeFileError([{ line: null, message: tooDeep }]);
  }
}

/** Who reads it goes down with it, until there is no room for more. */
const tooDeep = 'This is nested too deeply.';

function sentence(message: string): string {
  const [line = ''] = message.split('\n');
  return line.startsWith('Maximum call stack') ? tooDeep : line;
}

function repeatedKeys(document: Document): { readonly at: number; readonly message: string }[] {
  const found: { at: number; message: string }[] = [];
  visit(document, {
    Map(_place, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push({ at: key.range?.[0] ?? 0, message: 'Map keys must be unique' });
        seen.add(key.value);
      }
    },
  });
  return found;
}

function unfold(document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return value;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new ComposeFileError([
      { line: null, message: error instanceof Error ? error.message : 'It cannot be read.' },
    ]);
  }
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | null {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
