import type { GitSource } from '@serverkit/prisma/generated/client/client.ts';
import type { Mandates } from '../mandates/service.ts';
import { mayTake } from './fields.ts';
import type { GitBy } from './git-source.ts';

/** Why nothing is deployed on behalf of who bound a stack. */
export interface GitOwnerGone {
  /** `token`: it was bound with an API token that has ended, or may not deploy any more. */
  readonly hold: 'owner' | 'token';
  /** For people, in a sentence or two. */
  readonly reason: string;
}

/**
 * What the one may do now who had new commits deployed on their behalf: no more than they held when they said so, and no
 * more than they hold, or than the API token that they said so with.
 */
export async function ownerOf(
  { ownerId, tokenId, ownerScopes, serverId, stack }: GitSource,
  mandates: Pick<Mandates, 'standing'>,
): Promise<GitBy | GitOwnerGone> {
  const standing = await mandates.standing({ ownerId, tokenId });
  switch (standing.state) {
    case 'gone':
      return owner('Whoever set this up has no account any more. Set it up anew to go on.');
    case 'disabled':
      return owner(
        `The account of ${standing.email}, who set this up, is disabled. Somebody else has to set it up anew.`,
      );
    case 'tokenEnded':
      return token(
        `The API token of ${standing.email} that this was set up with was revoked or has expired. Set it up anew to go on.`,
      );
    case 'stands':
  }
  const { userId, email } = standing;
  const [now, own] = [standing.rights.on(serverId), standing.own.on(serverId)];
  if (!own.has('docker:compose:write')) {
    return owner(
      `${email}, who set this up, may not deploy stacks on this server any more. Somebody who may has to set it up anew.`,
    );
  }
  if (!now.has('docker:compose:write')) {
    return token(
      `The API token of ${email} that this was set up with may not deploy stacks on this server any more. Set it up anew to go on.`,
    );
  }
  return {
    // A program that acts for a person, as one with a token does.
    actor: { kind: 'token', id: userId, label: `Git source of ${stack} (${email})`, address: '' },
    asker: userId,
    held: mayTake.filter((scope) => now.has(scope) && ownerScopes.includes(scope)),
  };
}

const owner = (reason: string): GitOwnerGone => ({ hold: 'owner', reason });
const token = (reason: string): GitOwnerGone => ({ hold: 'token', reason });
