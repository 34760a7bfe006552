import type { AgentLink, Agents, AgentStream } from './link.ts';

/**
 * Keeps something running on a server's agent whenever it is linked, for as long as it is wanted: started now if
 * there is a link, again on every later one.
 *
 * @param start begins it on a link; undefined when this link has no use for it
 * @returns stops it for good
 */
export function whileLinked(
  agents: Agents,
  serverId: string,
  start: (link: AgentLink) => AgentStream | undefined,
): () => void {
  let stream: AgentStream | undefined;
  let wanted = true;
  // Wanted because a link came up, it hears of that link twice.
  let begun: AgentLink | undefined;
  const begin = (link: AgentLink): void => {
    if (!wanted || link === begun || link.serverId !== serverId || link.closed.aborted) return;
    begun = link;
    stream = start(link);
  };
  const forget = agents.onUp(begin);
  const current = agents.get(serverId);
  if (current) begin(current);
  return () => {
    wanted = false;
    forget();
    stream?.stop();
  };
}
