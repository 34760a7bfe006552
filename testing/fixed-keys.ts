import type { LinkIdentity, LinkKeys } from '../agent/src/link/link.ts';

/** The keys of an agent that keeps them for good, and nothing on a disk. */
export function fixedKeys(identity: LinkIdentity): LinkKeys {
  return {
    offer: () => identity,
    refused: () => false,
    proven: () => undefined,
    learn: () => undefined,
    report: () => ({}),
  };
}
