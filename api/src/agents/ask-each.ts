import { agentTimeout } from './agent-errors.ts';

/** What one of many agents answered. */
export interface Asked<Answer> {
  readonly serverId: string;
  /** Null when it did not answer. */
  readonly answer: Answer | null;
  /** Why it did not; null when it did. */
  readonly error: unknown;
}

/**
 * Asks many agents the same at once and waits for none longer than the deadline: who is away, slow or refuses costs its
 * own answer and nobody else's. In the order of the ids.
 */
export function askEach<Answer>(
  serverIds: readonly string[],
  deadlineMs: number,
  ask: (serverId: string) => Promise<Answer>,
): Promise<Asked<Answer>[]> {
  return Promise.all(
    serverIds.map(async (serverId) => {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(agentTimeout(deadlineMs)), deadlineMs);
      try {
        return { serverId, answer: await Promise.race([ask(serverId), late.promise]), error: null };
      } catch (error) {
        return { serverId, answer: null, error };
      } finally {
        clearTimeout(timer);
      }
    }),
  );
}
