import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { createLocalAgent, type LocalAgent } from './service.ts';

/** Runs the agent of this very machine, unless SERVERKIT_LOCAL_AGENT=off. */
export function localAgentRoom(
  platform: Platform,
  services: Pick<Services, 'agents' | 'audit' | 'topics'>,
): Room {
  let agent: LocalAgent | undefined;
  return {
    name: 'local agent',
    async started() {
      if (!platform.env.localAgent) return;
      agent = createLocalAgent(platform, services);
      await agent.start();
    },
    async drain() {
      await agent?.stop();
    },
  };
}
