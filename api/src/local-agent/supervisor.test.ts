import { setImmediate as turn } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { revokedStatus, supervise, type Run } from './supervisor.ts';

const log = pino({ level: 'silent' });

type End = Awaited<Run['ended']>;

/** An agent whose runs end when the test says so, and waits that take no time. */
function setup({ launch }: { readonly launch?: () => Promise<void> } = {}) {
  const runs: { end: (end: Partial<End>) => void; stops: number; over: boolean }[] = [];
  const waits: number[] = [];
  let news = Promise.withResolvers<void>();
  const supervisor = supervise(
    async () => {
      await launch?.();
      const { promise: ended, resolve: end } = Promise.withResolvers<End>();
      const record = {
        stops: 0,
        over: false,
        end(how: Partial<End>) {
          record.over = true;
          end({ status: null, signal: null, ...how });
        },
      };
      runs.push(record);
      news.resolve();
      news = Promise.withResolvers();
      return {
        ended,
        async stop() {
          record.stops++;
          record.end({ signal: 'SIGTERM' });
          await ended;
        },
      };
    },
    log,
    async (ms) => {
      waits.push(ms);
      await turn();
    },
  );
  const until = async (count: number): Promise<void> => {
    while (runs.length < count) await news.promise;
  };
  return { supervisor, runs, waits, until };
}

describe('the supervisor of the local agent', () => {
  test('starts the agent again when it ends, later every time', async () => {
    const { supervisor, runs, waits, until } = setup();
    for (let run = 0; run < 8; run++) {
      await until(run + 1);
      runs[run]?.end({ status: 1 });
    }
    await until(9);
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    await supervisor.stop();
  });

  test('never runs two', async () => {
    const { supervisor, runs, until } = setup();
    await until(1);
    supervisor.renew();
    await until(2);
    expect(runs.filter((run) => !run.over)).toHaveLength(1);
    await supervisor.stop();
    expect(runs.filter((run) => !run.over)).toHaveLength(0);
  });

  test('renews without growing impatient', async () => {
    const { supervisor, waits, until } = setup();
    for (let run = 1; run <= 3; run++) {
      await until(run);
      supervisor.renew();
    }
    await until(4);
    expect(waits).toEqual([500, 500, 500]);
    await supervisor.stop();
  });

  test('leaves a revoked agent alone', async () => {
    const { supervisor, runs, waits, until } = setup();
    await until(1);
    runs[0]?.end({ status: revokedStatus });
    await turn();
    expect(waits).toEqual([]);
    expect(runs).toHaveLength(1);
    await supervisor.stop();
  });

  test('tries again when the agent could not be started', async () => {
    let failures = 2;
    const { supervisor, waits, until } = setup({
      launch: async () => {
        if (failures-- > 0) throw new Error('no memory');
        await turn();
      },
    });
    await until(1);
    expect(waits).toEqual([500, 1000]);
    await supervisor.stop();
  });

  test('ends an agent that was being launched when it was stopped', async () => {
    const gate = Promise.withResolvers<void>();
    const { supervisor, runs } = setup({ launch: () => gate.promise });
    const stopped = supervisor.stop();
    gate.resolve();
    await stopped;
    expect(runs.map((run) => run.over)).toEqual([true]);
  });
});
