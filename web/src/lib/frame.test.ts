import { beforeEach, expect, test, vi } from 'vitest';
import { perFrame } from './frame.ts';

let frames: (() => void)[] = [];
const nextFrame = () => frames.splice(0).forEach((run) => run());

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []));
});

test('what arrives between two frames is handed over once, the newest of each', () => {
  const flush = vi.fn<(batch: Map<string, number>) => void>();
  const batch = perFrame(flush);
  batch.add('a', 1);
  batch.add('b', 2);
  batch.add('a', 3);
  expect(flush).not.toHaveBeenCalled();
  nextFrame();
  expect(flush.mock.calls).toEqual([
    [
      new Map([
        ['a', 3],
        ['b', 2],
      ]),
    ],
  ]);
  nextFrame();
  expect(flush).toHaveBeenCalledTimes(1);
});

test('stopped, it hands over nothing more', () => {
  const flush = vi.fn<(batch: Map<string, number>) => void>();
  const batch = perFrame(flush);
  batch.add('a', 1);
  batch.stop();
  nextFrame();
  expect(flush).not.toHaveBeenCalled();
});
