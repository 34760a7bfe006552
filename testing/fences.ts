import { readFileSync } from 'node:fs';

/** A fenced block of a document. */
export interface Fence {
  readonly document: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What it says after `run=`: a test runs the block with this name. */
  readonly run: string | undefined;
  /** What it says after `file=`: a test writes the block there. */
  readonly file: string | undefined;
  readonly text: string;
}

const fenced = /^( *)```(\w+)([^\n]*)\n([\s\S]*?)^\1```$/gm;

/** Every fenced block of a document that says what language it is in, in order. */
export function fencesOf(document: string): readonly Fence[] {
  const page = readFileSync(document, 'utf8');
  return [...page.matchAll(fenced)].map(({ index, 2: language = '', 3: info = '', 4: text = '' }) => ({
    document,
    line: page.slice(0, index).split('\n').length,
    language,
    run: /\brun=(\S+)/.exec(info)?.[1],
    file: /\bfile=(\S+)/.exec(info)?.[1],
    text,
  }));
}

/** The text of the block that says `run=name`, as it stands. @throws when there is none, or more than one */
export function fence(document: string, name: string): string {
  const found = fencesOf(document).filter(({ run }) => run === name);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${document} has ${found.length} blocks named ${name}`);
  return only.text;
}
