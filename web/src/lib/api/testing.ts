/**
 * In the place of operations.ts, for tests: `vi.mock('…/operations.ts', () => import('…/testing.ts'))`. What is asked is
 * answered when the test says so, in any order, and what happens is told by it.
 */
class StandIn {
  /** Answers what was asked, by its place in the order of asking. */
  readonly answers: ((data: unknown) => void)[] = [];
  /** To all that listen. */
  readonly listeners = new Set<(data: unknown) => void>();

  /** Before each test. */
  reset(): void {
    this.answers.length = 0;
    this.listeners.clear();
  }

  tell(data: unknown): void {
    for (const next of this.listeners) next(data);
  }
}

export const standIn = new StandIn();

function asked<Answer>(answerOf: (data: unknown) => Answer): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  standIn.answers.push((data) => resolve(answerOf(data)));
  return promise;
}

export const query = () => asked((data) => ({ data, failures: [] }));
export const queryInConfidence = () => query();
export const mutate = () => asked((data) => data);

export function partOf<Part>(part: Part | null | undefined): Part {
  if (part === null || part === undefined) throw new Error('the test answered without it');
  return part;
}

export function subscribe(
  _document: unknown,
  _variables: unknown,
  { next }: { readonly next: (data: unknown) => void },
): () => void {
  standIn.listeners.add(next);
  return () => standIn.listeners.delete(next);
}
