import { expect, test } from 'vitest';
import { Sizing, type Size } from './sizing.ts';
import { slowServer } from './testing.ts';

const size = (columns: number, rows: number): Size => ({ columns, rows });

/** A terminal that takes a size when it is told to, and shows it when it is told to. */
function slowTerminal() {
  const { asked, ask, answer } = slowServer<Size>();
  const state = { wanted: size(80, 24), shown: size(80, 24) };
  const sizing = new Sizing({ wanted: () => state.wanted, shown: () => state.shown, ask });
  const become = (next: Size): void => {
    state.wanted = next;
    sizing.fit();
  };
  return { asked, state, sizing, become, answer };
}

test('a size that is shown is not asked for', () => {
  const { asked, sizing } = slowTerminal();
  sizing.fit();
  expect(asked).toEqual([]);
});

test('one is under way at a time, and the last is asked for in the end', async () => {
  const { asked, become, answer } = slowTerminal();
  for (const rows of [25, 26, 27]) become(size(90, rows));
  expect(asked).toEqual([size(90, 25)]);
  await answer();
  expect(asked).toEqual([size(90, 25), size(90, 27)]);
  await answer();
  expect(asked).toHaveLength(2);
});

test('a window that goes back before its size was shown goes back', async () => {
  const { asked, become, answer } = slowTerminal();
  become(size(120, 40));
  become(size(80, 24));
  await answer();
  expect(asked).toEqual([size(120, 40), size(80, 24)]);
});

test('what was refused is asked for again, though it is shown', async () => {
  const { asked, state, sizing, become, answer } = slowTerminal();
  become(size(120, 40));
  state.shown = size(120, 40);
  await answer(new Error('the engine did not answer'));
  sizing.fit();
  expect(asked).toEqual([size(120, 40), size(120, 40)]);
  await answer();
  sizing.fit();
  expect(asked).toHaveLength(2);
});

test('a fresh look counts, whatever was asked for before', async () => {
  const { asked, state, sizing, become, answer } = slowTerminal();
  become(size(120, 40));
  await answer();
  state.wanted = size(80, 24);
  sizing.forget();
  sizing.fit();
  expect(asked).toEqual([size(120, 40)]);
});
