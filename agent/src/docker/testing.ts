import { describe as sentence } from '../errors.ts';
import { silentLog } from '../log.ts';
import type { CreditWindow } from '../context.ts';
import { eventually } from '../../../testing/events.ts';
import { createDocker, type DockerOptions } from './docker.ts';
import type { DockerService } from './service.ts';

/** The agent's view of the real engine, once it has found it. Ends with its block. */
export async function connected(options: Partial<DockerOptions> = {}): Promise<DockerService & Disposable> {
  const docker = createDocker({
    socket: '/var/run/docker.sock',
    timeoutMs: 30_000,
    log: silentLog,
    ...options,
  });
  await eventually(
    () => {
      if (docker.facts().available && docker.counts()) return true;
      throw new Error(docker.facts().error ?? sentence('counts are missing'));
    },
    'the engine to be found',
    { every: 10 },
  );
  return Object.assign(docker, { [Symbol.dispose]: () => docker.close() });
}

/** Credit without end. */
export const unlimited: CreditWindow = {
  take: () => Promise.resolve(),
  available: () => Number.POSITIVE_INFINITY,
};

/** Never aborted. */
export const forever = new AbortController().signal;
