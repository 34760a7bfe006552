/**
 * `npm run migration -- <name>` writes the SQL that leads from `prisma/migrations` to `prisma/schema.prisma` into a new
 * folder there, to be read and completed by hand. With --check it fails when there is such SQL: somebody changed the
 * datamodel and not the migrations, or the other way round.
 *
 * The migrations are run on an in-memory PostgreSQL, never on a live one.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import type { DiffTarget, SchemasContainer } from '@prisma/schema-engine-wasm';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { externalTables } from '../prisma.config.ts';

const folder = resolve('prisma/migrations');
const datamodel = resolve('prisma/schema.prisma');

const read = (file: string): string => readFileSync(file, 'utf8');

function migrations(): DiffTarget {
  return {
    tag: 'migrations',
    baseDir: folder,
    // Prisma keeps this in a file beside the migrations; the project has but one kind of database.
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
    shadowDbInitScript: '',
    migrationDirectories: globSync(`${folder}/*/migration.sql`)
      .toSorted()
      .map((file) => ({
        path: basename(dirname(file)),
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: read(file) } },
      })),
  };
}

/** The SQL from the migrations to the datamodel; undefined when they agree. */
async function difference(): Promise<string | undefined> {
  const schema: SchemasContainer = { files: [{ path: datamodel, content: read(datamodel) }] };
  await using database = await PGlite.create();
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(database));
  using engine = await SchemaEngine.new(
    { datamodels: [[datamodel, read(datamodel)]] },
    () => undefined,
    adapter,
  );
  const { exitCode, stdout } = await engine.diff({
    from: migrations(),
    to: { tag: 'schemaDatamodel', ...schema },
    script: true,
    exitCode: true,
    filters: { externalTables, externalEnums: [] },
  });
  return exitCode === 0 ? undefined : (stdout ?? '');
}

function author(name: string, sql: string): void {
  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const file = `${folder}/${stamp}_${name}/migration.sql`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, sql);
  console.log(`wrote ${file}: read it, and add what a datamodel cannot say`);
}

const check = process.argv.includes('--check');
const name = process.argv[2] ?? '';
if (!check && !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('name the migration in lower case with underscores: npm run migration -- add_server_notes');
  process.exit(1);
}
const sql = await difference();
if (!check) {
  if (sql === undefined) console.log('the migrations already lead to the datamodel');
  else author(name, sql);
} else if (sql !== undefined) {
  console.error('prisma/migrations and prisma/schema.prisma disagree: run `npm run migration -- <name>`');
  console.error(`From the migrations to the datamodel:\n\n${sql.trim()}`);
  process.exitCode = 1;
}
