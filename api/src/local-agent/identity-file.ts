import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const identity = z.object({ agentId: z.string() });

/**
 * Whether the agent in this state directory is the one that the database knows. Without its key, or after the database
 * was replaced, it has to join again.
 */
export function isRegistered(directory: string, agentId: string | null): boolean {
  if (agentId === null || !existsSync(join(directory, 'agent.key'))) return false;
  try {
    const text = readFileSync(join(directory, 'identity.json'), 'utf8');
    return identity.parse(JSON.parse(text)).agentId === agentId;
  } catch {
    return false;
  }
}
