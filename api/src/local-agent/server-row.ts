import { hostname } from 'node:os';
import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { localAgentScopes } from '@serverkit/wire/scopes.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { newId } from '../ids.ts';
import type { Topics } from '../live/topics.ts';
import { serverChanges } from '../servers/events.ts';

const actor: Actor = { kind: 'system', label: 'ServerKit' };

/** The server that stands for the machine we run on, made the first time. */
export async function ensureLocalServer(
  { db, audit, topics }: { readonly db: Database; readonly audit: Audit; readonly topics: Topics },
  name = hostname(),
): Promise<Server> {
  const { server, isNew } = await db.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('local server'), 0)`;
    const present = await tx.server.findFirst({ where: { isLocal: true } });
    if (present) return { server: present, isNew: false };
    const taken = await tx.server.findFirst({ where: { name: { equals: name, mode: 'insensitive' } } });
    const made = await tx.server.create({
      data: {
        id: newId('server'),
        name: taken ? `${name} (this server)` : name,
        isLocal: true,
        permissionProfile: 'custom',
        scopes: [...localAgentScopes],
      },
    });
    await audit.record(tx, {
      actor,
      action: 'server.create',
      target: { kind: 'server', id: made.id, name: made.name },
      parameters: { isLocal: true, scopes: made.scopes },
    });
    return { server: made, isNew: true };
  });
  if (isNew) topics.publish(serverChanges, { serverId: server.id, kind: 'CREATED' });
  return server;
}
