import type { Room } from '../platform.ts';
import type { Topics } from '../live/topics.ts';
import { serverChanges } from '../servers/events.ts';
import type { Containers } from './service.ts';

/** Brings back what was last seen before the first agent links, and writes it down before the process ends. */
export function containersRoom({ mirror }: Containers, topics: Topics): Room {
  const ending = new AbortController();
  return {
    name: 'containers',
    async prepare() {
      await mirror.load();
      void forgetDeleted();
    },
    async drain() {
      ending.abort();
      await mirror.flush();
    },
  };

  async function forgetDeleted(): Promise<void> {
    for await (const { serverId, kind } of topics.subscribe(serverChanges, { signal: ending.signal })) {
      if (kind === 'DELETED') mirror.forget(serverId);
    }
  }
}
