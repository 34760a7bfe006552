import type { Room } from '../platform.ts';
import type { AgentMachinery } from './service.ts';

/** Where agents dial in. */
export function agentsRoom(machinery: AgentMachinery): Room {
  const { acceptor, records } = machinery;
  return {
    name: 'agents',
    routes(router) {
      router.upgrade({
        path: '/agent/ws',
        channels: ['main', 'local'],
        handle: (request, socket, head, facts) => acceptor.upgrade(request, socket, head, facts),
      });
    },
    async prepare() {
      machinery.expectBack(await records.sweep());
    },
    async drain() {
      await acceptor.drain();
      machinery.stop();
    },
  };
}
