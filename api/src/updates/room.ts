import { jobChanges } from '../jobs/events.ts';
import type { Topics } from '../live/topics.ts';
import type { Room } from '../platform.ts';
import { Rounds } from '../rounds.ts';
import { updatePolicyChanges, type UpdatePolicyChange } from './events.ts';
import { serverChanges } from '../servers/events.ts';
import type { Updates } from './service.ts';

const everyMs = 60_000;

/** Looks after update policies once a minute, and at once when an update ends. */
export function updatesRoom({ store, conductor }: Updates, topics: Topics): Room {
  const ending = new AbortController();
  const { signal } = ending;
  let timer: NodeJS.Timeout | undefined;
  const rounds = new Rounds(() => conductor.tick(signal));
  return {
    name: 'updates',
    prepare: () => store.load(),
    started() {
      void forgetDeleted();
      void settleEnded();
      void visitSet();
      timer = setInterval(() => rounds.begin(), everyMs).unref();
    },
    async drain() {
      ending.abort();
      clearInterval(timer);
      await rounds.end();
    },
  };

  /** Who sets one wants to see what comes of it. */
  async function visitSet(): Promise<void> {
    const where = ({ kind }: UpdatePolicyChange): boolean => kind === 'SET';
    for await (const _change of topics.subscribe(updatePolicyChanges, { signal, where })) rounds.begin();
  }

  async function forgetDeleted(): Promise<void> {
    for await (const { serverId, kind } of topics.subscribe(serverChanges, { signal })) {
      if (kind === 'DELETED') store.forget(serverId);
    }
  }

  /** What is missed is made up for by the next round. */
  async function settleEnded(): Promise<void> {
    for await (const { jobId } of topics.subscribe(jobChanges, { signal, where: ({ ended }) => ended })) {
      await conductor.settled(jobId);
    }
  }
}
