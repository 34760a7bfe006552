import { expect, test } from 'vitest';
import { parseMeminfo } from './memory.ts';

test('used is what is not available', () => {
  const meminfo = `MemTotal:       16000 kB
MemFree:         1000 kB
MemAvailable:    9000 kB
Buffers:          500 kB
Cached:          8000 kB
SwapCached:       100 kB
SwapTotal:       4000 kB
SwapFree:        3000 kB
`;
  expect(parseMeminfo(meminfo)).toEqual({
    memoryTotalBytes: 16_000 * 1024,
    memoryUsedBytes: 7000 * 1024,
    swapTotalBytes: 4000 * 1024,
    swapUsedBytes: 1000 * 1024,
  });
});

test('kernels before 3.14 do not say what is available', () => {
  const meminfo = 'MemTotal: 100 kB\nMemFree: 20 kB\nBuffers: 10 kB\nCached: 30 kB\n';
  expect(parseMeminfo(meminfo).memoryUsedBytes).toBe(40 * 1024);
});

test('no swap, no numbers', () => {
  expect(parseMeminfo('')).toEqual({
    memoryTotalBytes: 0,
    memoryUsedBytes: 0,
    swapTotalBytes: 0,
    swapUsedBytes: 0,
  });
});
