import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { errorText } from '../startup-error.ts';
import { createHookHandler } from './git-hook.ts';
import { hookPath } from './git-source.ts';

/** Whose turn it is, is looked at as often; whoever polls waits a minute at least. */
const everyMs = 10_000;

/** Asks repositories for new commits, and takes the webhooks that announce them. */
export function gitSourcesRoom({ vault, log }: Platform, services: Services): Room {
  const { gitSources } = services;
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  let round: Promise<void> | undefined;
  const begin = (): void => {
    again = true;
    round ??= (async () => {
      while (again) {
        again = false;
        await gitSources.round();
      }
    })()
      .catch((error: unknown) => log.warn({ reason: errorText(error) }, 'Git sources were not looked at'))
      .finally(() => (round = undefined));
  };
  return {
    name: 'git sources',
    routes(router) {
      router.http({
        path: `${hookPath}*`,
        methods: ['POST'],
        handle: createHookHandler({ platform: { vault }, services, wake: begin }),
      });
    },
    started() {
      timer = setInterval(begin, everyMs).unref();
    },
    async drain() {
      clearInterval(timer);
      again = false;
      await round;
    },
  };
}
