import { performance } from 'node:perf_hooks';

interface Bucket {
  failures: number;
  until: number;
}

const freeFailures = 5;
const maxBlockMs = 60_000;
const maxBuckets = 10_000;

/**
 * Slows down whoever presents wrong signatures. Only failures count, and only for that agent id from that address, so
 * agents behind one address never lock each other out, and nobody locks an agent out from elsewhere.
 */
export function createSignatureThrottle(now: () => number = () => performance.now()) {
  const buckets = new Map<string, Bucket>();
  const keyOf = (address: string, agentId: string): string => `${address} ${agentId}`;

  return {
    blocked: (address: string, agentId: string): boolean =>
      (buckets.get(keyOf(address, agentId))?.until ?? 0) > now(),
    failed(address: string, agentId: string): void {
      const key = keyOf(address, agentId);
      const bucket = buckets.get(key) ?? { failures: 0, until: 0 };
      buckets.delete(key);
      bucket.failures += 1;
      const over = bucket.failures - freeFailures;
      if (over > 0) bucket.until = now() + Math.min(maxBlockMs, 1_000 * 2 ** over);
      buckets.set(key, bucket);
      // The oldest makes room: a flood of made-up ids cannot grow memory.
      if (buckets.size > maxBuckets) buckets.delete(buckets.keys().next().value ?? '');
    },
  };
}
