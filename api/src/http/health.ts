import { sendJson } from './exchange.ts';
import type { Router } from './router.ts';

/** What `/readyz` reports; a load balancer takes this process out of use unless it is `ready`. */
export type Readiness = 'ready' | 'draining' | 'database';

/**
 * `/healthz`: the process is alive. `/readyz`: it should get traffic. Both answer on every channel and under any name,
 * as probes know neither our name nor our authority, and tell nothing but their status.
 */
export function addHealthRoutes(router: Router, readiness: () => Promise<Readiness>): void {
  const everywhere = {
    methods: ['GET', 'HEAD'],
    channels: ['main', 'plaintext', 'local'],
    anyHost: true,
  } as const;
  router.http({
    ...everywhere,
    path: '/healthz',
    handle: ({ response }) => sendJson(response, 200, { status: 'alive' }),
  });
  router.http({
    ...everywhere,
    path: '/readyz',
    handle: async ({ response }) => {
      const status = await readiness();
      sendJson(response, status === 'ready' ? 200 : 503, { status });
    },
  });
}
