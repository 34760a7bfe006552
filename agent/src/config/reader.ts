import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
  type YAMLMap,
} from 'yaml';

/** The configuration cannot be used. The message has one line per problem, each with file and line number. */
export class ConfigError extends Error {}

/** Turns a value into what it means. @throws Error with the rest of the sentence "docker.timeout …" */
export type Parse<T> = (value: unknown) => T;

/**
 * Reads a YAML file section by section. Problems are gathered, so that somebody who edits the file learns of all of them
 * at once; whatever nobody asked for is one.
 */
export class ConfigReader {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #problems: { readonly line: number; readonly text: string }[] = [];
  readonly #root: Node | null;
  readonly #sections = new Set<string>();

  constructor(file: string, text: string) {
    this.#file = file;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, schema: 'core' });
    for (const { message, pos } of [...document.errors, ...document.warnings]) this.#problem(pos[0], message);
    this.#root = document.contents;
    if (this.#root && !isMap(this.#root) && !(isScalar(this.#root) && this.#root.value === null)) {
      this.#problem(offsetOf(this.#root), 'the file must hold sections such as "server:"');
    }
  }

  /** The section of that name, empty when the file lacks it. */
  section(name: string): SectionReader {
    this.#sections.add(name);
    const node = isMap(this.#root) ? this.#root.get(name, true) : undefined;
    if (node !== undefined && !isMap(node) && !(isScalar(node) && node.value === null)) {
      this.#problem(offsetOf(node), `${name} must be a section with keys of its own`);
    }
    const report = (offset: number, text: string): void => this.#problem(offset, text);
    return new SectionReader(name, isMap(node) ? node : undefined, report);
  }

  /** Must be called when every section was read. @throws ConfigError */
  finish(sections: readonly SectionReader[]): void {
    for (const section of sections) section.refuseTheRest();
    if (isMap(this.#root)) {
      for (const pair of this.#root.items) {
        const name = keyOf(pair.key);
        if (!this.#sections.has(name)) this.#problem(offsetOf(pair.key), `unknown section "${name}"`);
      }
    }
    if (this.#problems.length === 0) return;
    const lines = this.#problems
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, text }) => `${this.#file}:${line}: ${text}`);
    throw new ConfigError(lines.join('\n'));
  }

  #problem(offset: number, text: string): void {
    this.#problems.push({ line: this.#lines.linePos(offset).line, text });
  }
}

export class SectionReader {
  readonly #name: string;
  readonly #map: YAMLMap | undefined;
  readonly #report: (offset: number, text: string) => void;
  readonly #taken = new Set<string>();

  constructor(name: string, map: YAMLMap | undefined, report: (offset: number, text: string) => void) {
    this.#name = name;
    this.#map = map;
    this.#report = report;
  }

  /** The meaning of a key, or `fallback` when the file lacks it (or what it says was reported as a problem). */
  take<T>(key: string, parse: Parse<T>, fallback: T): T {
    this.#taken.add(key);
    const node = this.#map?.get(key, true);
    if (node === undefined) return fallback;
    try {
      return parse(plain(node));
    } catch (error) {
      this.#report(
        offsetOf(node),
        `${this.#name}.${key} ${error instanceof Error ? error.message : 'is not valid'}`,
      );
      return fallback;
    }
  }

  /** A key that other versions know and this one must not pretend to obey. */
  refuse(key: string, why: string): void {
    this.#taken.add(key);
    const pair = this.#map?.items.find((item) => keyOf(item.key) === key);
    if (pair) this.#report(offsetOf(pair.key), `${this.#name}.${key} ${why}`);
  }

  refuseTheRest(): void {
    for (const pair of this.#map?.items ?? []) {
      const key = keyOf(pair.key);
      if (!this.#taken.has(key)) this.#report(offsetOf(pair.key), `unknown key "${this.#name}.${key}"`);
    }
  }
}

function keyOf(node: unknown): string {
  return isScalar(node) ? String(node.value) : String(node);
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** Scalars and lists of them; nothing in this file is nested deeper. */
function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map(plain);
  if (isAlias(node)) throw new Error('must be written out; references to other values are not read');
  throw new Error('must be a plain value');
}
