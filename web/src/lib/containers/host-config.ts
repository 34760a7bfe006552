import { bytesOf, bytesText } from './create/quantities.ts';
import { limitNames, type Draft, type LimitName } from './create/draft.ts';

/** What can be changed of a container while it runs, as it stands in fields. */
export interface Changeable {
  restart: Draft['restart'];
  retries: string;
  limits: Record<LimitName, string>;
}

const policies: Readonly<Record<string, Draft['restart'] | undefined>> = {
  always: 'ALWAYS',
  'on-failure': 'ON_FAILURE',
  'unless-stopped': 'UNLESS_STOPPED',
};

/** Of what docker inspect tells, as JSON. Docker's own defaults (0, -1, empty) are empty fields. */
export function changeableOf(inspect: string): Changeable {
  const config = member(JSON.parse(inspect), 'HostConfig');
  const policy = member(config, 'RestartPolicy');
  const number = (name: string): number => {
    const value = member(config, name);
    return typeof value === 'number' && value > 0 ? value : 0;
  };
  const bytes = (name: string): string => (number(name) > 0 ? bytesText(number(name)) : '');
  const plain = (value: number): string => (value > 0 ? String(value) : '');
  const cpuset = member(config, 'CpusetCpus');
  const swap = member(config, 'MemorySwap');
  const found: Record<LimitName, string> = {
    cpus: plain(number('NanoCpus') / 1e9),
    memoryBytes: bytes('Memory'),
    memoryReservationBytes: bytes('MemoryReservation'),
    memorySwapBytes: swap === -1 ? '-1' : bytes('MemorySwap'),
    pids: plain(number('PidsLimit')),
    cpuShares: plain(number('CpuShares')),
    cpuset: typeof cpuset === 'string' ? cpuset : '',
    shmBytes: '',
  };
  const retries = member(policy, 'MaximumRetryCount');
  return {
    restart: policies[String(member(policy, 'Name'))] ?? 'NO',
    retries: typeof retries === 'number' && retries > 0 ? String(retries) : '',
    limits: found,
  };
}

/** Those that Docker changes without a restart. */
export const changeableLimits = limitNames.filter((name) => name !== 'shmBytes');

/**
 * Docker gives a container twice its memory, swap included, unless told otherwise, and takes no more memory than that
 * afterwards: where nobody chose it, it follows.
 */
export function withSwap(before: Changeable['limits'], now: Changeable['limits']): Changeable['limits'] {
  const [old, next, swap] = [before.memoryBytes, now.memoryBytes, before.memorySwapBytes].map(bytesOf);
  const chosen = now.memorySwapBytes !== before.memorySwapBytes || old === null || swap !== 2 * (old ?? 0);
  if (chosen || !next || next === old) return now;
  return { ...now, memorySwapBytes: bytesText(2 * next) };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}
