import type { AgentService } from '../agents/service.ts';
import type { Actor } from '../audit/actor.ts';
import { authIn, type Registries, type RegistryAuths } from '../registries/service.ts';
import { ImageUpdateDocument } from './operations.ts';

/**
 * - `NEWER`: the registry has something else under the tag than what is here
 * - `CURRENT`: the same
 * - `LOCAL`: it was made there and came from no registry
 * - `UNKNOWN`: the registry did not tell; `error` says why
 */
export type ImageUpdateState = 'NEWER' | 'CURRENT' | 'LOCAL' | 'UNKNOWN';

export interface ImageUpdate {
  readonly reference: string;
  readonly state: ImageUpdateState;
  /** What would be pulled now; null where that is not known. */
  readonly remoteDigest: string | null;
  /** Why it is not known; null when it is. */
  readonly error: unknown;
}

export interface UpdateAsker {
  readonly actor: Actor;
  readonly signal: AbortSignal;
  /** A server whose root is somebody else's sees the password that is sent to it. */
  readonly withCredentials: boolean;
}

/** A registry that does not answer at all. Milliseconds. */
const askMs = 45_000;
/** Questions of one caller under way at once: registries count them. */
const atOnce = 4;

/** Asks the registries of tags on a server whether they have something newer. In the order of the references. */
export async function imageUpdates(
  { agents, registries }: { readonly agents: AgentService; readonly registries: Registries },
  serverId: string,
  references: readonly string[],
  { actor, signal, withCredentials }: UpdateAsker,
): Promise<ImageUpdate[]> {
  const link = agents.links.require(serverId);
  const auths: RegistryAuths = withCredentials
    ? await registries.authsFor(references, { serverId, actor, purpose: 'image.updates' })
    : new Map();
  const ask = async (reference: string): Promise<ImageUpdate> => {
    try {
      const { imageUpdate } = await link.run(
        ImageUpdateDocument,
        { reference, auth: authIn(auths, reference) },
        {
          actor: 'id' in actor ? actor.id : actor.kind,
          signal,
          scopes: ['docker:images:read'],
          timeoutMs: askMs,
        },
      );
      const { localDigests, remoteDigest } = imageUpdate;
      if (remoteDigest === null) return { reference, state: 'LOCAL', remoteDigest, error: null };
      const state = localDigests.includes(remoteDigest) ? 'CURRENT' : 'NEWER';
      return { reference, state, remoteDigest, error: null };
    } catch (error) {
      return { reference, state: 'UNKNOWN', remoteDigest: null, error };
    }
  };
  const found: ImageUpdate[] = [];
  const rest = references.entries();
  const worker = async (): Promise<void> => {
    for (const [index, reference] of rest) found[index] = await ask(reference);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}
