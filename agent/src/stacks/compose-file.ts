import { isNode, LineCounter, parseDocument, type Document, type ScalarTag, type Tags } from 'yaml';
import { StackError, type StackProblem } from './problem.ts';

/** More than anybody writes by hand. Bytes. */
export const MAX_FILE = 1024 * 1024;
/** What an alias may be unfolded to: a few lines could else stand for gigabytes. */
const MAX_ALIASES = 1000;

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
 * @throws StackError with the line of each problem
 */
export function readComposeFile(text: string, part = false): ComposeFile {
  checkSize(text, 'The file');
  const lines = new LineCounter();
  const customTags = (tags: Tags): Tags => [octal, ...tags];
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    merge: true,
    customTags,
  });
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }): StackProblem => ({
    line: lines.linePos(pos[0]).line,
    message: message.split('\n')[0] ?? '',
  }));
  if (problems.length > 0) throw new StackError(problems);
  const value = unfold(document);
  if (!isRecord(value))
    throw new StackError([{ line: 1, message: 'The file must be a map of keys to values.' }]);
  if (!part && (!isRecord(value['services']) || Object.keys(value['services']).length === 0)) {
    throw new StackError([{ line: null, message: 'The file must have services with at least one of them.' }]);
  }
  return {
    value,
    json: JSON.stringify(value),
    lineOf: (path) => lineOf(document, lines, path),
  };
}

/** @throws StackError */
export function checkSize(text: string, what: string): void {
  if (Buffer.byteLength(text) <= MAX_FILE) return;
  throw new StackError([{ line: null, message: `${what} is larger than 1 MB.` }]);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unfold(document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return value;
  } catch (error) {
    throw new StackError([
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
