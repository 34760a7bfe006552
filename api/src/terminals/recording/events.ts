import type { ContainerTerminalSubscription } from '../../generated/agent/graphql.ts';
import type { TerminalEvent } from '../service.ts';
import type { Recordings } from './recordings.ts';

type AgentEvent = ContainerTerminalSubscription['event'];

/** What an agent tells of a terminal, and between it whether the terminal is recorded: at first if it is, then as it changes. */
export function withRecording(
  events: AsyncIterableIterator<AgentEvent, undefined>,
  terminalId: string,
  recordings: Pick<Recordings, 'isRecorded' | 'failureOf' | 'listen'>,
): AsyncIterableIterator<TerminalEvent, undefined> {
  let told = false;
  let waiting: Promise<IteratorResult<AgentEvent, undefined>> | undefined;
  let changed = Promise.withResolvers<void>();
  const forget = recordings.listen((id) => {
    if (id === terminalId) changed.resolve();
  });

  return {
    async next() {
      for (;;) {
        const recorded = recordings.isRecorded(terminalId);
        if (recorded !== told) {
          told = recorded;
          return { done: false, value: { kind: 'RECORDING', recorded, ...nothing } };
        }
        changed = Promise.withResolvers<void>();
        waiting ??= events.next();
        try {
          await Promise.race([waiting, changed.promise]);
        } catch (error) {
          forget();
          throw error;
        }
        if (recordings.isRecorded(terminalId) !== told) continue;
        const { done, value } = await waiting;
        waiting = undefined;
        if (done) {
          forget();
          return { done, value: undefined };
        }
        const unrecorded = value.kind === 'ENDED' && recordings.failureOf(terminalId) !== undefined;
        return {
          done: false,
          value: { ...value, recorded: null, reason: unrecorded ? 'UNRECORDED' : value.reason },
        };
      }
    },
    async return() {
      forget();
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const nothing = { text: null, columns: null, rows: null, reason: null, exitCode: null, endsInMs: null };
