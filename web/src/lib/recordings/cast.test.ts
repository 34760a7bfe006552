import { expect, test } from 'vitest';
import { parseCast, Playback } from './cast.ts';

const file = [
  '{"version":2,"width":80,"height":24}',
  '[0,"o","$ "]',
  '[1.5,"o","ls\\r\\n"]',
  '[1.5,"r","100x40"]',
  'cut off, or of another kind',
  '[2,"x","?"]',
  '[60,"m","Something is missing here"]',
  '[60,"o","more"]',
  '',
].join('\n');

/** Draws into a list. */
function played(text = file) {
  const cast = parseCast(text);
  if (!cast) throw new Error('nothing was recorded');
  const drawn: string[] = [];
  const playback = new Playback(cast, {
    reset: (columns, rows) => drawn.push(`reset ${columns}x${rows}`),
    resize: (columns, rows) => drawn.push(`size ${columns}x${rows}`),
    write: (written) => drawn.push(written),
  });
  return { cast, playback, take: () => drawn.splice(0) };
}

test('is read as asciinema writes it, and what says nothing is passed over', () => {
  const { cast } = played();
  expect(cast).toMatchObject({ columns: 80, rows: 24, durationMs: 60_000 });
  expect(cast.events.map(({ kind }) => kind)).toEqual(['output', 'output', 'size', 'mark', 'output']);
  expect(parseCast('')).toBeNull();
});

test('is drawn up to a time, forwards by what is new, backwards from the beginning', () => {
  const { playback, take } = played();
  expect(take()).toEqual(['reset 80x24']);
  playback.goTo(1_000);
  expect(take()).toEqual(['$ ']);
  expect(playback.pauseMs).toBe(500);
  playback.goTo(2_000);
  expect(take()).toEqual(['ls\r\n', 'size 100x40']);
  playback.goTo(99_000);
  expect(take()).toEqual(['more']);
  expect([playback.atMs, playback.over, playback.pauseMs]).toEqual([60_000, true, 0]);
  playback.goTo(0);
  expect(take()).toEqual(['reset 80x24', '$ ']);
});
