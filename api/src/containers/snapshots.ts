import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { storableJson } from '../database/storable.ts';
import type { AgentContainer, DockerState } from './mirror.ts';

export interface Seen {
  readonly containers: readonly AgentContainer[];
  readonly docker: DockerState;
  readonly observedAt: Date;
}

/** Keeps what was last seen of each server's containers, written a little later so that bursts cost one write. */
export interface Snapshots {
  later(
    serverId: string,
    current: () => { containers: ReadonlyMap<string, AgentContainer>; docker: DockerState; observedAt: Date },
  ): void;
  read(serverId: string): Promise<Seen | undefined>;
  readAll(): Promise<(Seen & { readonly serverId: string })[]>;
  flush(): Promise<void>;
}

const delayMs = 2_000;

interface Row {
  readonly serverId: string;
  readonly containers: AgentContainer[];
  readonly docker: DockerState;
  readonly observedAt: Date;
}

export function createSnapshots({ prisma }: Database, log: Logger): Snapshots {
  const waiting = new Map<string, Parameters<Snapshots['later']>[1]>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = [...waiting];
    waiting.clear();
    for (const [serverId, current] of batch) {
      const { containers, docker, observedAt } = current();
      try {
        // Only for servers that still exist: one may have been deleted while its last event was under way.
        await prisma.$executeRaw`
          INSERT INTO "ContainerSnapshot" ("serverId", "containers", "docker", "observedAt")
          SELECT "id", ${storableJson([...containers.values()])}::jsonb, ${storableJson(docker)}::jsonb, ${observedAt}
          FROM "Server" WHERE "id" = ${serverId}
          ON CONFLICT ("serverId") DO UPDATE SET
            "containers" = EXCLUDED."containers", "docker" = EXCLUDED."docker", "observedAt" = EXCLUDED."observedAt"`;
      } catch (error) {
        log.warn({ err: error, serverId }, 'the last known containers could not be stored');
      }
    }
  }

  return {
    later(serverId, current) {
      waiting.set(serverId, current);
      timer ??= setTimeout(() => void flush(), delayMs).unref();
    },
    async read(serverId) {
      const [row] = await prisma.$queryRaw<
        Row[]
      >`SELECT * FROM "ContainerSnapshot" WHERE "serverId" = ${serverId}`;
      return row;
    },
    readAll: () => prisma.$queryRaw<Row[]>`SELECT * FROM "ContainerSnapshot"`,
    flush,
  };
}
