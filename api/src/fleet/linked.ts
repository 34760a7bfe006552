import type { Agents } from '../agents/link.ts';

/** Resolves once the agent is linked, after so many milliseconds at the latest, or when the signal aborts. */
export async function linked(
  agents: Pick<Agents, 'get' | 'onUp'>,
  serverId: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (withinMs <= 0 || signal.aborted || agents.get(serverId)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  const forget = agents.onUp((link) => {
    if (link.serverId === serverId) resolve();
  });
  signal.addEventListener('abort', done, { once: true });
  const timer = setTimeout(done, withinMs);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', done);
  forget();
}
