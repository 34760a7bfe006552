import { expect, test } from 'vitest';
import { changeableOf } from './host-config.ts';

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
