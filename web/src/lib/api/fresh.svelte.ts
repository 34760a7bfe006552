import type { Failure } from './failure.ts';

interface Question {
  readonly failure: Failure;
  readonly settle: (confirmed: boolean) => void;
}

/**
 * Some changes want a password that was entered lately. Whoever makes one is asked for it then and there, and the change
 * goes on by itself. Changes that wait at the same time share one question.
 */
class FreshSignIn {
  question = $state.raw<Question | null>(null);
  #waiting: Promise<boolean> | null = null;

  /** Resolves once it was answered: true when the API has been convinced. */
  ask(failure: Failure): Promise<boolean> {
    this.#waiting ??= new Promise<boolean>((resolve) => {
      this.question = { failure, settle: resolve };
    }).finally(() => {
      this.#waiting = null;
      this.question = null;
    });
    return this.#waiting;
  }
}

export const freshSignIn = new FreshSignIn();
