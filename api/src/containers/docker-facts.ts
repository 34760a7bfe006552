import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { storableJson } from '../database/storable.ts';
import type { Topics } from '../live/topics.ts';
import { serverChanges } from '../servers/events.ts';
import type { DockerState } from './mirror.ts';

/**
 * Keeps the Docker part of a server's facts current: the rest is told once a link, but Docker comes and goes.
 *
 * @returns tells it what a server's agent said last; only a difference is written
 */
export function createDockerFacts({ prisma }: Database, topics: Topics, log: Logger) {
  const written = new Map<string, string>();
  return (serverId: string, docker: DockerState): void => {
    const text = storableJson(docker);
    if (written.get(serverId) === text) return;
    written.set(serverId, text);
    prisma.$executeRaw`
      UPDATE "Server" SET "facts" = jsonb_set("facts", '{docker}', ${text}::jsonb)
      WHERE "id" = ${serverId} AND "facts" IS NOT NULL AND "facts"->'docker' IS DISTINCT FROM ${text}::jsonb`.then(
      (count) => count > 0 && topics.publish(serverChanges, { serverId, kind: 'UPDATED' }),
      (error: unknown) => {
        written.delete(serverId);
        log.warn({ err: error, serverId }, 'what is known of Docker could not be stored');
      },
    );
  };
}
