import { performance } from 'node:perf_hooks';
import type { AgentLink } from './link.ts';
import { PingDocument } from './operations.ts';

/** Asks an agent for a sign of life. @returns milliseconds from asking to the answer */
export async function ping(link: AgentLink, actor: string, timeoutMs = 5_000): Promise<number> {
  const asked = performance.now();
  await link.run(PingDocument, {}, { actor, scopes: [], timeoutMs, ttlMs: timeoutMs });
  return performance.now() - asked;
}

/** Whether a link still has a living agent behind it; a half-open one does not answer. */
export async function isAlive(link: AgentLink, withinMs = 3_000): Promise<boolean> {
  if (link.closed.aborted) return false;
  try {
    await ping(link, 'system', withinMs);
    return true;
  } catch {
    return false;
  }
}
