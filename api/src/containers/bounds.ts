import { protocolError } from '../agents/agent-errors.ts';
import type { AgentContainer } from './mirror.ts';

/** More than any engine runs. */
const maxContainers = 20_000;
/** Text of all containers of one server, in characters; five thousand ordinary ones have a third of it. */
const maxCharacters = 32 * 1024 * 1024;

const sizes = new WeakMap<AgentContainer, number>();

/**
 * Bounds what one agent can have us remember: each of its messages is bounded by itself, but it may send any number.
 * @throws ServerKitError AGENT_PROTOCOL_ERROR
 */
export function checkBounds(containers: Iterable<AgentContainer>): void {
  let count = 0;
  let characters = 0;
  for (const container of containers) {
    count += 1;
    characters += sizeOf(container);
    if (count > maxContainers) throw protocolError(`more than ${maxContainers} containers`);
    if (characters > maxCharacters) throw protocolError('containers with endless text');
  }
}

function sizeOf(container: AgentContainer): number {
  const known = sizes.get(container);
  if (known !== undefined) return known;
  const size = JSON.stringify(container).length;
  sizes.set(container, size);
  return size;
}
