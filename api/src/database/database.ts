import type { PrismaClient } from '@serverkit/prisma/generated/client/client.ts';
import type pg from 'pg';

/** The one database of the process, embedded or given by DATABASE_URL. */
export interface Database {
  readonly prisma: PrismaClient;
  /** The same connections, for SQL that Prisma has no words for (metrics). */
  readonly pool: pg.Pool;
  readonly kind: 'embedded' | 'external';
  /** Where the files lie, for free-space checks; undefined for an external database. */
  readonly directory: string | undefined;
  /** Whether it answers now and this process still holds its place in it; takes 2 s at most. */
  healthy(): Promise<boolean>;
  /** Ends the connections and, if it is ours, the server. */
  close(): Promise<void>;
}
