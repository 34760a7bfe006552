import { defineConfig } from 'prisma/config';

/**
 * Tables that migrations make but the datamodel does not hold: partitioned metrics, written and read by SQL alone. The
 * drift check leaves them out. Named with their schema: `public.metric_raw`.
 */
export const externalTables: string[] = [];

/** Prisma is used for its client alone: migrations are plain SQL, applied by the API at start. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
