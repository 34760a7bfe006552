import { expect, test } from 'vitest';
import { changeableOf, withSwap } from './host-config.ts';

const of = (HostConfig: object) => changeableOf(JSON.stringify({ HostConfig }));

test('what a container may use stands in the fields', () => {
  expect(
    of({
      NanoCpus: 1_500_000_000,
      Memory: 536_870_912,
      MemorySwap: -1,
      PidsLimit: 100,
      CpuShares: 512,
      CpusetCpus: '0-1',
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    }),
  ).toEqual({
    restart: 'ON_FAILURE',
    retries: '3',
    limits: {
      cpus: '1.5',
      memoryBytes: '512m',
      memoryReservationBytes: '',
      memorySwapBytes: '-1',
      pids: '100',
      cpuShares: '512',
      cpuset: '0-1',
      shmBytes: '',
    },
  });
});

test('what Docker filled in is an empty field', () => {
  const { restart, limits } = of({ Memory: 0, PidsLimit: -1, MemorySwap: 0, RestartPolicy: { Name: 'no' } });
  expect(restart).toBe('NO');
  expect(Object.values(limits).filter((value) => value !== '')).toEqual([]);
  expect(changeableOf('{}').restart).toBe('NO');
});

test('swap that Docker chose follows the memory, and what somebody chose stays', () => {
  const { limits } = of({ Memory: 64 * 1024 ** 2, MemorySwap: 128 * 1024 ** 2 });
  const bigger = { ...limits, memoryBytes: '1g' };
  expect(withSwap(limits, bigger).memorySwapBytes).toBe('2g');
  expect(withSwap(limits, { ...bigger, memorySwapBytes: '-1' }).memorySwapBytes).toBe('-1');
  expect(withSwap(limits, limits)).toEqual(limits);
  const chosen = { ...limits, memorySwapBytes: '64m' };
  expect(withSwap(chosen, { ...chosen, memoryBytes: '32m' }).memorySwapBytes).toBe('64m');
  const none = of({}).limits;
  expect(withSwap(none, { ...none, memoryBytes: '1g' }).memorySwapBytes).toBe('');
});
