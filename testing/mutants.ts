/** A fault put into the product on purpose, which the tests named with it must notice. */
export interface Mutant {
  readonly name: string;
  /** The file that is changed. */
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files that must turn red, as for `vitest run`. */
  readonly tests: readonly string[];
}

/** One per defence that nothing else would notice the loss of; `npm run test:mutants` removes them one at a time. */
export const mutants: readonly Mutant[] = [];
