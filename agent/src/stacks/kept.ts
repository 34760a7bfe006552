import { AgentError } from '../errors.ts';
import type { KeptVersion, StackStore } from './store.ts';

/**
 * Whoever changes a stack has to have seen it as it is.
 *
 * @param base - the version that they saw; null for a stack whose files are not kept
 * @throws AgentError CONFLICT
 */
export function checkVersion(name: string, base: number | null, store: StackStore): void {
  const latest = store.latest(name);
  if (latest === base) return;
  throw new AgentError(
    'CONFLICT',
    latest === null
      ? `${name} was removed meanwhile.`
      : `Somebody deployed version ${latest} of ${name} meanwhile. Look at what has changed, and try again.`,
  );
}

/**
 * The newest version, for what takes the stack's file.
 *
 * @throws AgentError CONFLICT
 */
export function requireKept(name: string, base: number | null, store: StackStore): KeptVersion {
  checkVersion(name, base, store);
  const latest = store.latest(name);
  if (latest !== null) return store.version(name, latest);
  throw new AgentError(
    'CONFLICT',
    `${name} was made elsewhere, and this takes its file. Take it over first; starting, stopping, restarting and removing work without.`,
  );
}
