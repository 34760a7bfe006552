import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { ServerScope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';

type Placed = Pick<Job, 'serverId' | 'serverIds'>;

/** The servers that a job is about: its own, or those of one on many. */
export function serversOf({ serverId, serverIds }: Placed): readonly string[] {
  return serverId === null ? serverIds : [serverId];
}

/** Whether somebody may know that there is such a job: one on many servers is seen with any of them. */
export function seesJob(job: Placed, rights: Rights): boolean {
  return serversOf(job).some((id) => rights.on(id).has('servers:read'));
}

/** Whether a scope is held wherever a job works: what one on many servers tells as a whole, it tells of all of them. */
export function holdsOnAll(job: Placed, rights: Rights, scope: ServerScope): boolean {
  return serversOf(job).every((id) => rights.on(id).has(scope));
}
