import type { Rights } from '../access/rights.ts';
import type { Access } from '../access/service.ts';
import type { PersonPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { withGrants } from '../identity/service.ts';
import type { Tokens } from '../tokens/service.ts';

/** On whose behalf something is done later, when nobody asks for it any more: as it is stored. */
export interface Mandate {
  /** Null once the account is gone. */
  readonly ownerId: string | null;
  /**
   * The API token that it was given with, and ends with. Null for a person at a browser, who had just proven to be there:
   * what they want done goes on when they leave.
   */
  readonly tokenId: string | null;
}

/** What a mandate is good for at this moment. */
export type Standing =
  | { readonly state: 'gone' }
  | { readonly state: 'disabled' | 'tokenEnded'; readonly email: string }
  | {
      readonly state: 'stands';
      readonly userId: string;
      readonly email: string;
      /** Of the token, within those of its owner; those of the person otherwise. */
      readonly rights: Rights;
      /** Of the person, whatever the token. */
      readonly own: Rights;
    };

export function mandateOf(principal: PersonPrincipal): Mandate & { readonly ownerId: string } {
  const tokenId = principal.kind === 'token' ? principal.token.id : null;
  return { ownerId: principal.user.id, tokenId };
}

interface Needs {
  readonly db: Database;
  readonly access: Pick<Access, 'rightsOf'>;
  readonly tokens: Pick<Tokens, 'renew'>;
}

/** What people have done without them: asked at every use, so that it ends when what it was given with does. */
export class Mandates {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async standing({ ownerId, tokenId }: Mandate): Promise<Standing> {
    const { db, access, tokens } = this.#needs;
    if (ownerId === null) return { state: 'gone' };
    const user = await db.prisma.user.findUnique({ where: { id: ownerId }, include: withGrants });
    if (!user) return { state: 'gone' };
    const { id: userId, email } = user;
    if (user.disabledAt !== null) return { state: 'disabled', email };
    const own = access.rightsOf(user);
    if (tokenId === null) return { state: 'stands', userId, email, rights: own, own };
    const program = (await tokens.renew([tokenId], { isUse: false })).get(tokenId);
    // One that ended is deleted some time later.
    if (program?.user.id !== userId) return { state: 'tokenEnded', email };
    return { state: 'stands', userId, email, rights: program.rights, own };
  }
}
