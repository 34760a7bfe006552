import type { Topics } from '../live/topics.ts';
import type { Room } from '../platform.ts';
import { serverChanges } from '../servers/events.ts';
import type { Metrics } from './service.ts';

/** Takes in samples from before the first agent links until after the last is gone. */
export function metricsRoom(metrics: Metrics, topics: Topics): Room {
  const ending = new AbortController();
  return {
    name: 'metrics',
    async prepare() {
      await metrics.start();
      void forgetDeleted();
    },
    async drain() {
      ending.abort();
      await metrics.stop();
    },
  };

  async function forgetDeleted(): Promise<void> {
    for await (const { serverId, kind } of topics.subscribe(serverChanges, { signal: ending.signal })) {
      if (kind === 'DELETED') metrics.forget(serverId);
    }
  }
}
