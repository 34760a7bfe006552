import { expect, test } from 'vitest';
import { Inventory } from './inventory.ts';
import { noUsage } from './mapping.ts';
import type { EngineEvent } from './watcher.ts';

async function inventory(): Promise<Inventory> {
  const known = new Inventory({ get: () => Promise.resolve([]) });
  await known.reload();
  return known;
}
const event = (action: string, own: boolean): EngineEvent => ({
  type: 'container',
  action,
  id: 'box',
  container: null,
  name: 'box',
  details: [],
  own,
  at: 0,
});

test("what says it is an agent's counts once it is started, and is forgotten when it is gone", async () => {
  const known = await inventory();
  const counted = (action: string): unknown => {
    known.apply(event(action, true));
    return known.counts();
  };
  expect(counted('create')).toMatchObject({ containersTotal: 0 });
  expect(counted('start')).toMatchObject({ containersTotal: 1, containersRunning: 1 });
  expect(counted('die')).toMatchObject({ containersTotal: 1, containersRunning: 0 });
  expect(counted('destroy')).toMatchObject({ containersTotal: 0 });
});

test('any other counts from when it was made', async () => {
  const known = await inventory();
  known.apply(event('create', false));
  expect(known.counts()).toMatchObject({ containersTotal: 1, containersRunning: 0 });
});

/** An engine with one container, which lists and inspects it in these states, one after the other; the last one stays. */
function engineOf(listed: string[], inspected: string[]): { known: Inventory; asked: string[] } {
  const asked: string[] = [];
  const next = (states: string[]): string | undefined => (states.length > 1 ? states.shift() : states[0]);
  const get = (path: string): Promise<unknown> => {
    asked.push(path);
    return Promise.resolve(
      path === '/containers/json'
        ? [{ Id: 'box', State: next(listed) }]
        : { State: { Status: next(inspected), StartedAt: '2026-11-22T07:00:00Z', ExitCode: 3 } },
    );
  };
  return { known: new Inventory({ get }), asked };
}

const seen = async (known: Inventory): Promise<unknown> =>
  known.list({ all: true, ids: ['box'] }, () => noUsage);

test('a list that is older than the event it is asked for is asked for again', async () => {
  const { known } = engineOf(['running', 'exited'], ['exited']);
  known.apply(event('die', false));
  expect(await seen(known)).toMatchObject([{ state: 'EXITED', exitCode: 3 }]);
});

test('an inspection that is older than the list is made again', async () => {
  const { known } = engineOf(['running', 'exited'], ['running', 'exited']);
  expect(await seen(known)).toMatchObject([{ state: 'RUNNING', exitCode: null }]);
  expect(await seen(known)).toMatchObject([{ state: 'EXITED', exitCode: 3 }]);
});

test('one that is always told in two ways is shown as it is listed, and not asked for without end', async () => {
  const { known, asked } = engineOf(['running'], ['exited']);
  expect(await seen(known)).toMatchObject([{ state: 'RUNNING', exitCode: null }]);
  expect(asked.filter((path) => path === '/containers/json')).toHaveLength(4);
});
