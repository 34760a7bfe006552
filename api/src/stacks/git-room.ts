import { jobChanges } from '../jobs/service.ts';
import type { Platform, Room } from '../platform.ts';
import { Rounds } from '../rounds.ts';
import type { Services } from '../services.ts';
import { errorText } from '../startup-error.ts';
import { createHookHandler } from './git-hook.ts';
import { hookPath } from './git-source.ts';
import { stackRemove } from './jobs.ts';

/** Whose turn it is, is looked at as often; whoever polls waits a minute at least. */
const everyMs = 10_000;

/** Asks repositories for new commits, and takes the webhooks that announce them. */
export function gitSourcesRoom({ vault, log }: Platform, services: Services): Room {
  const { gitSources, jobs, topics } = services;
  const ending = new AbortController();
  const { signal } = ending;
  let timer: NodeJS.Timeout | undefined;
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.warn({ reason: errorText(error) }, 'Git sources were not looked at');
    }
  };
  // What takes long is not waited for.
  const rounds = new Rounds(() => attempt(() => gitSources.conductor.begin()));
  return {
    name: 'git sources',
    routes(router) {
      router.http({
        path: `${hookPath}*`,
        methods: ['POST'],
        handle: createHookHandler({ platform: { vault }, services, wake: () => rounds.begin() }),
      });
    },
    started() {
      timer = setInterval(() => rounds.begin(), everyMs).unref();
      void releaseRemoved();
    },
    async drain() {
      ending.abort();
      clearInterval(timer);
      await Promise.all([rounds.end(), gitSources.conductor.end()]);
    },
  };

  async function releaseRemoved(): Promise<void> {
    const where = {
      where: ({ kind, ended }: { kind: string; ended: boolean }) => ended && kind === stackRemove.name,
    };
    const removals = topics.subscribe(jobChanges, { signal, ...where });
    await attempt(() => gitSources.releaseMissed());
    for await (const { jobId } of removals) {
      await attempt(async () => gitSources.release(await jobs.require(jobId)));
    }
  }
}
