import * as z from 'zod';

/** What the sections of an archive are. A file comes before the database, and the database before its tables. */
const name = z.string().min(1).max(200);
const schema = name.nullable();

const file = z.object({
  kind: z.literal('file'),
  /** Below the data directory: nothing may find its way out of it. */
  path: z.string().regex(/^keys\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/),
});

const database = z.object({
  kind: z.literal('database'),
  /** In the order they were applied. */
  migrations: z.array(z.object({ name, checksum: z.string() })).min(1),
  partitions: z.array(
    z.object({
      schema,
      name,
      parent: name,
      // It stands in SQL as it is.
      bounds: z.string().regex(/^(DEFAULT|FOR VALUES FROM \('[^']+'\) TO \('[^']+'\))$/),
    }),
  ),
  sequences: z.array(
    z.object({
      schema,
      name,
      last: z
        .string()
        .regex(/^-?\d+$/)
        .nullable(),
    }),
  ),
});

const table = z.object({ kind: z.literal('table'), schema, name, columns: z.array(name).min(1) });

export const contents = z.discriminatedUnion('kind', [file, database, table]);

export type FileContent = z.infer<typeof file>;
export type DatabaseContent = z.infer<typeof database>;
export type TableContent = z.infer<typeof table>;
