import { StartupError } from '../../startup-error.ts';

/** Why an archive can be neither made nor used: one sentence for the person at the terminal, without any secret. */
export class ArchiveError extends StartupError {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'ArchiveError';
  }
}

/** What was read is not what was written: changed, cut off, or in another order. */
export class DamagedError extends ArchiveError {
  /** @param what - such as `it is cut off` */
  constructor(what: string, options?: ErrorOptions) {
    super(`The archive is damaged: ${what}; use another one.`, options);
    this.name = 'DamagedError';
  }
}
