import {
  ComposeFileError,
  MAX_FILE,
  readComposeFile as read,
  tooLarge as tooLargeFor,
  type ComposeFile,
} from '@serverkit/wire/compose-file.ts';
import { StackError } from './problem.ts';

/** What `use` makes of a file. @throws StackError for what is wrong with the file */
export function ofStack<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof ComposeFileError) throw new StackError(error.problems);
    throw error;
  }
}

/**
 * @param part - of a stack, which another file includes, and which need not have services
 * @throws StackError with the line of each problem
 */
export function readComposeFile(text: string, part = false): ComposeFile {
  return ofStack(() => read(text, part));
}

/** @throws StackError */
export function checkSize(text: string, what: string): void {
  if (Buffer.byteLength(text) > MAX_FILE) throw tooLarge(what);
}

export function tooLarge(what: string): StackError {
  return new StackError(tooLargeFor(what).problems);
}
