import type { ContainerTerminalSubscription } from '../../generated/agent/graphql.ts';
import type { TerminalEvent } from '../service.ts';
import type { Recordings } from './recordings.ts';

type AgentEvent = ContainerTerminalSubscription['event'];

/**
 * What an agent tells of a terminal, and between it whether the terminal is recorded: at first if it is, then as it changes.
 * One that had to be recorded and is not shows nothing more, whatever its agent does.
 */
export function withRecording(
  events: AsyncIterableIterator<AgentEvent, undefined>,
  terminalId: string,
  recordings: Pick<Recordings, 'isRecorded' | 'failureOf' | 'whyEnded' | 'listen'>,
): AsyncIterableIterator<TerminalEvent, undefined> {
  let told = false;
  let over = false;
  let waiting: Promise<IteratorResult<AgentEvent, undefined>> | undefined;
  let changed = Promise.withResolvers<void>();
  const forget = recordings.listen((id) => {
    if (id === terminalId) changed.resolve();
  });

  return {
    async next() {
      for (;;) {
        if (over) return { done: true, value: undefined };
        if (recordings.failureOf(terminalId) !== undefined) {
          over = true;
          forget();
          // What waits there is shown to nobody, and the agent counts one viewer less.
          void events.return?.().catch(() => undefined);
          return {
            done: false,
            value: {
              ...nothing,
              kind: 'ENDED',
              recorded: null,
              recordingEnd: recordings.whyEnded(terminalId),
              reason: 'UNRECORDED',
            },
          };
        }
        const recorded = recordings.isRecorded(terminalId);
        if (recorded !== told) {
          told = recorded;
          const recordingEnd = recordings.whyEnded(terminalId);
          return { done: false, value: { ...nothing, kind: 'RECORDING', recorded, recordingEnd } };
        }
        changed = Promise.withResolvers<void>();
        waiting ??= events.next();
        try {
          await Promise.race([waiting, changed.promise]);
        } catch (error) {
          forget();
          throw error;
        }
        if (recordings.isRecorded(terminalId) !== told || recordings.failureOf(terminalId) !== undefined)
          continue;
        const { done, value } = await waiting;
        waiting = undefined;
        if (done) {
          forget();
          return { done, value: undefined };
        }
        return { done: false, value: { ...value, recorded: null, recordingEnd: null } };
      }
    },
    async return() {
      over = true;
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
