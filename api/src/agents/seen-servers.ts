import { seenOf, type Sees } from '../access/sees.ts';
import type { Database } from '../database/database.ts';

/** Servers that ever had an agent: all that are seen, or of those named the ones that are. By name. */
export async function seenServers(
  db: Database,
  serverIds: readonly string[] | null,
  sees: Sees,
): Promise<string[]> {
  const servers = await db.prisma.server.findMany({
    where: { connection: { not: 'PENDING' }, ...(serverIds && { id: { in: [...serverIds] } }) },
    select: { id: true },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
  });
  return seenOf(servers, sees, ({ id }) => id).map(({ id }) => id);
}
