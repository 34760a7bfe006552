import { expect, test } from 'vitest';
import type { TerminalEvent } from './terminal.ts';
import { Viewer } from './viewer.ts';

const forever = new AbortController().signal;
const output = (text: string): TerminalEvent => ({ kind: 'OUTPUT', text });

/** A viewer of a screen that shows this. */
function viewerOf(shown: { text: string }) {
  return new Viewer(
    () => [{ kind: 'SCREEN', text: shown.text, columns: 80, rows: 24 }],
    () => undefined,
  );
}

test('begins with the screen, and goes on with what is written since, each once', async () => {
  const viewer = viewerOf({ text: 'before' });
  viewer.tell(output('is on the screen already'));
  expect(await viewer.next(forever)).toMatchObject({ kind: 'SCREEN', text: 'before', columns: 80, rows: 24 });
  viewer.tell(output('a'));
  viewer.tell(output('b'));
  viewer.tell({ kind: 'RESIZED', columns: 100, rows: 40 });
  viewer.tell(output('c'));
  expect(await viewer.next(forever)).toEqual(output('ab'));
  expect(await viewer.next(forever)).toMatchObject({ kind: 'RESIZED' });
  expect(await viewer.next(forever)).toEqual(output('c'));
});

test('one who falls behind goes on from a fresh screen, and holds no more than a quarter of a megabyte', async () => {
  const shown = { text: 'old' };
  const viewer = viewerOf(shown);
  await viewer.next(forever);
  expect(viewer.keepsUp).toBe(true);
  for (let n = 0; n < 20; n++) viewer.tell(output('x'.repeat(4096)));
  expect(viewer.keepsUp).toBe(false);
  for (let n = 0; n < 1000; n++) viewer.tell(output('x'.repeat(4096)));
  shown.text = 'new';
  expect(await viewer.next(forever)).toMatchObject({ kind: 'SCREEN', text: 'new' });
  viewer.tell(output('after'));
  expect(await viewer.next(forever)).toEqual(output('after'));
});

test('a large screen comes in pieces that cut no character', async () => {
  const text = `${'a'.repeat(16 * 1024 - 1)}😀${'b'.repeat(40_000)}`;
  const viewer = viewerOf({ text });
  let seen = '';
  while (seen.length < text.length) {
    const event = await viewer.next(forever);
    if (!('text' in event)) throw new Error(event.kind);
    expect(event.text.isWellFormed()).toBe(true);
    expect(event.text.length).toBeLessThanOrEqual(16 * 1024);
    seen += event.text;
  }
  expect(seen).toBe(text);
});

test('hears of the end after all that came before it', async () => {
  const viewer = viewerOf({ text: '' });
  await viewer.next(forever);
  viewer.tell({ kind: 'ENDED', reason: 'EXITED', exitCode: 0 });
  viewer.tell(output('last words'));
  expect(await viewer.next(forever)).toEqual(output('last words'));
  expect(await viewer.next(forever)).toMatchObject({ kind: 'ENDED' });
});

test('whoever leaves while nothing happens is let go', async () => {
  const viewer = viewerOf({ text: '' });
  await viewer.next(forever);
  const leaving = new AbortController();
  const waiting = viewer.next(leaving.signal);
  leaving.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
