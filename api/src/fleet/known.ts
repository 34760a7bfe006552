import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import { parseFacts } from '../agents/hello.ts';
import type { Database } from '../database/database.ts';
import type { Services } from '../services.ts';
import type { Known } from './placement.ts';

/** A measurement that is older says little of now. Milliseconds. */
const freshMs = 120_000;

interface Question {
  /** @default all */
  readonly ids: readonly string[] | undefined;
  readonly rights: Rights;
  readonly scope: AgentScope;
}

/** What speaks for and against servers, by what is in memory and in the database: no agent is asked. */
export async function knownServers(
  { db, services }: { readonly db: Database; readonly services: Pick<Services, 'agents' | 'metrics'> },
  { ids, rights, scope }: Question,
): Promise<Known[]> {
  const rows = await db.prisma.server.findMany({
    where: ids ? { id: { in: [...ids] } } : {},
    select: { id: true, number: true, maintenance: true, facts: true },
    orderBy: [{ nameKey: 'asc' }, { id: 'asc' }],
  });
  const newest = await services.metrics.latest(rows);
  return rows.map(({ id, maintenance, facts }): Known => {
    const link = services.agents.links.get(id);
    const measured = newest.get(id);
    const fresh = measured && Date.now() - measured.at < freshMs ? measured.sample : undefined;
    return {
      serverId: id,
      online: link !== undefined && !link.closed.aborted,
      maintenance,
      allowed: rights.on(id).has(scope) && (link === undefined || link.scopes.has(scope)),
      load: fresh
        ? {
            cpuPercent: fresh.cpuPercent,
            cores: parseFacts(facts)?.cpuCount ?? 1,
            memoryTotal: fresh.memoryTotalBytes,
            memoryUsed: fresh.memoryUsedBytes,
            // An agent without Docker counts none of its containers.
            docker: fresh.containersTotal !== null,
          }
        : null,
    };
  });
}
