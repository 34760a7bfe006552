import type { Logger } from 'pino';
import { agentOffline } from './agent-errors.ts';
import type { AgentLink, Agents } from './link.ts';

/** The links this process holds, one a server. */
export interface Registry extends Agents {
  /** Makes the link the server's; the one before it is closed by the caller. */
  add(link: AgentLink): void;
  /** Forgets the link, unless a newer one has taken its place. */
  remove(link: AgentLink): void;
}

export function createRegistry(log: Logger): Registry {
  const links = new Map<string, AgentLink>();
  const listeners = new Set<(link: AgentLink) => void>();

  return {
    get: (serverId) => links.get(serverId),
    require(serverId) {
      const link = links.get(serverId);
      if (!link || link.closed.aborted) throw agentOffline('this server');
      return link;
    },
    all: () => links.values(),
    onUp(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add(link) {
      links.set(link.serverId, link);
      for (const listener of listeners) {
        try {
          listener(link);
        } catch (error) {
          log.error({ err: error, serverId: link.serverId }, 'a room failed to take up a new link');
        }
      }
    },
    remove(link) {
      if (links.get(link.serverId) === link) links.delete(link.serverId);
    },
  };
}
