import { Failure } from '../../api/failure.ts';
import { partOf, query } from '../../api/operations.ts';
import { LikeContainer, LikeImage } from './documents.ts';
import { likeContainer, type FoundLike } from './like.ts';

/** Which container one is to be made like, and how. */
export interface Wanted {
  readonly serverId: string;
  readonly containerId: string;
  /** Of the new one. */
  readonly name: string;
  readonly publishedPorts: boolean;
  readonly start: boolean;
}

/** @returns what the form says of it, and the name of the one that is there @throws Failure */
export async function readLike({
  serverId,
  containerId,
  ...chosen
}: Wanted): Promise<{ readonly found: FoundLike; readonly name: string }> {
  const { data, failures } = await query(LikeContainer, { serverId, id: containerId });
  const container = partOf(data.server?.container, failures);
  const { inspect, environment } = partOf(container.details, failures);
  // Without them it would be made without its variables, and nobody would be told.
  if (!environment) {
    throw failures[0] ?? new Failure('UNSUPPORTED_BY_AGENT', 'Its agent is too old to tell its variables.');
  }
  const image = await imageOf(serverId, container.imageId);
  return { found: likeContainer({ inspect, environment, image, ...chosen }), name: container.name };
}

/** Null where it is gone, or may not be seen: then what came with it stands in the form as well. */
async function imageOf(serverId: string, reference: string): Promise<string | null> {
  try {
    const { data } = await query(LikeImage, { serverId, reference });
    return data.server?.image?.details?.inspectJson ?? null;
  } catch {
    return null;
  }
}
