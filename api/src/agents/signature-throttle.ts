import { performance } from 'node:perf_hooks';

interface Bucket {
  failures: number;
  failedAt: number;
  until: number;
}

const freeFailures = 5;
const maxBlockMs = 60_000;
/** After so long without a failure all is forgotten. Milliseconds. */
const forgetMs = 10 * 60_000;
const maxBuckets = 10_000;

export interface SignatureThrottle {
  readonly blocked: (address: string, id: string) => boolean;
  readonly failed: (address: string, id: string) => void;
  /** The right key spoke: what went before was a mistake that somebody has put right. */
  readonly succeeded: (address: string, id: string) => void;
}

/**
 * Slows down whoever presents wrong signatures. Only failures count, and only for that id from that address, so agents
 * behind one address never lock each other out, and nobody locks an agent out from elsewhere.
 *
 * @param now a monotonic clock in milliseconds
 */
export function createSignatureThrottle(now: () => number = () => performance.now()): SignatureThrottle {
  const buckets = new Map<string, Bucket>();
  const keyOf = (address: string, id: string): string => `${address} ${id}`;

  return {
    blocked: (address, id) => (buckets.get(keyOf(address, id))?.until ?? 0) > now(),
    failed(address, id) {
      const key = keyOf(address, id);
      const known = buckets.get(key);
      const bucket =
        known && now() - known.failedAt < forgetMs ? known : { failures: 0, failedAt: 0, until: 0 };
      buckets.delete(key);
      bucket.failures += 1;
      bucket.failedAt = now();
      const over = bucket.failures - freeFailures;
      if (over > 0) bucket.until = now() + Math.min(maxBlockMs, 1_000 * 2 ** over);
      buckets.set(key, bucket);
      // The oldest makes room: a flood of made-up ids cannot grow memory.
      if (buckets.size > maxBuckets) buckets.delete(buckets.keys().next().value ?? '');
    },
    succeeded(address, id) {
      buckets.delete(keyOf(address, id));
    },
  };
}
