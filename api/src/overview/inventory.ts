import type { Database } from '../database/database.ts';
import type { ServerState } from './rules.ts';

const fields = {
  id: true,
  name: true,
  connection: true,
  maintenance: true,
  lastSeenAt: true,
  lastError: true,
  clockSkewMs: true,
  registrations: {
    select: { expiresAt: true, usedAt: true },
    orderBy: { createdAt: 'desc' },
    take: 1,
  },
} as const;

/** The state of some servers, or of all; those that are not there any more are left out. */
export async function readServers(
  { prisma }: Pick<Database, 'prisma'>,
  ids?: readonly string[],
): Promise<ServerState[]> {
  const rows = await prisma.server.findMany({
    select: fields,
    ...(ids && { where: { id: { in: [...ids] } } }),
  });
  return rows.map((row) => Object.assign(row, { invitation: row.registrations[0] }));
}
