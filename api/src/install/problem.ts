import { ServerKitError } from '../errors.ts';

/** Why something that agents need cannot be handed out; the message is a sentence that says what to do. */
export class InstallProblem extends ServerKitError {
  constructor(sentence: string) {
    super('UNAVAILABLE', sentence);
    this.name = 'InstallProblem';
  }
}
