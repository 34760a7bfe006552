import type { SavedFilter } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { UserPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';

/** Of one person. */
const mostFilters = 100;

const filterShape = z.object({
  groupId: z.string().nullish(),
  statuses: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  text: z.string().nullish(),
});

/** What a filter of the list of servers holds, as the API takes it. */
export type FilterFields = z.output<typeof filterShape>;

/** What was kept; empty when it is not understood. */
export function fieldsOf({ filter }: Pick<SavedFilter, 'filter'>): FilterFields {
  return filterShape.safeParse(filter).data ?? {};
}

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
}

/** Filters that people keep under a name, each their own. */
export class SavedFilters {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  list(userId: string): Promise<SavedFilter[]> {
    return this.#needs.db.prisma.savedFilter.findMany({ where: { userId }, orderBy: { name: 'asc' } });
  }

  /** Keeps it, in place of the one of that name. @throws ServerKitError CONFLICT for too many */
  async save(
    principal: UserPrincipal,
    { name, filter }: { readonly name: string; readonly filter: FilterFields },
    address: string,
  ): Promise<SavedFilter> {
    const { db, audit } = this.#needs;
    const userId = principal.user.id;
    return db.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT 1 FROM "User" WHERE "id" = ${userId} FOR UPDATE`;
      const known = await tx.savedFilter.findUnique({ where: { userId_name: { userId, name } } });
      if (!known && (await tx.savedFilter.count({ where: { userId } })) >= mostFilters) {
        throw new ServerKitError('CONFLICT', `You keep ${mostFilters} filters. Delete some first.`);
      }
      const saved = await tx.savedFilter.upsert({
        where: { userId_name: { userId, name } },
        create: { id: newId('filter'), userId, name, filter },
        update: { filter },
      });
      await audit.record(tx, {
        actor: actorOf({ principal, address }),
        action: 'filter.save',
        target: { kind: 'filter', id: saved.id, name },
      });
      return saved;
    });
  }

  /** @throws ServerKitError NOT_FOUND for one that is not one's own */
  async delete(principal: UserPrincipal, id: string, address: string): Promise<void> {
    const { db, audit } = this.#needs;
    await db.prisma.$transaction(async (tx) => {
      const saved = await tx.savedFilter.findUnique({ where: { id, userId: principal.user.id } });
      if (!saved) throw notFound('saved filter', id);
      await tx.savedFilter.delete({ where: { id } });
      await audit.record(tx, {
        actor: actorOf({ principal, address }),
        action: 'filter.delete',
        target: { kind: 'filter', id, name: saved.name },
      });
    });
  }
}
