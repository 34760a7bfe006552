import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRunDirectory, removeRunDirectory } from '../api/src/database/run-directory.ts';
import { run } from './processes.ts';
import { tempDir } from './tmp.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const shelf = join(root, 'node_modules/.cache/serverkit-test');

/** What a database is made by, and so what makes another one of it. */
const makers = ['api/src/database/*.ts', 'prisma/migrations/*/migration.sql', 'package-lock.json'];

let making: Promise<string> | undefined;

/**
 * Lays an empty database of this release into a data directory that has none, as ServerKit leaves it that is stopped
 * before anybody came. Making one takes some two seconds, and this a tenth of them; what is about its making does without.
 */
export async function layDatabase(dataDirectory: string): Promise<void> {
  if (existsSync(join(dataDirectory, 'pg'))) return;
  making ??= madeOnce();
  const archive = await making;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await run('tar', ['-C', dataDirectory, '--numeric-owner', '-xpf', archive, 'pg']);
}

/** One for all runs of a checkout, for as long as what it is made by stays as it is. */
async function madeOnce(): Promise<string> {
  const archive = join(shelf, `database-${fingerprint()}.tar`);
  if (existsSync(archive)) return archive;
  await using dir = await tempDir('serverkit-laid-');
  // The database runs as another user when the tests run as root, and must be able to get at its files.
  await chmod(dir.path, 0o711);
  await make(dir.file('data'));
  await mkdir(shelf, { recursive: true });
  const half = `${archive}.${process.pid}`;
  await run('tar', ['-C', dir.file('data'), '--numeric-owner', '-cf', half, 'pg']);
  // Whoever makes one at the same time makes the same.
  await rename(half, archive);
  for (const other of globSync(join(shelf, 'database-*.tar')))
    if (other !== archive) await rm(other, { force: true });
  return archive;
}

async function make(dataDirectory: string): Promise<void> {
  await mkdir(dataDirectory, { mode: 0o700 });
  const runDirectory = openRunDirectory(dataDirectory);
  try {
    // Only here: hardly any file of tests needs all of this code.
    const [{ openDatabase }, { createLog }] = await Promise.all([
      import('../api/src/database/database.ts'),
      import('../api/src/log.ts'),
    ]);
    const database = await openDatabase({
      url: undefined,
      dataDirectory,
      runDirectory,
      log: await createLog({ logLevel: 'silent' }),
      onUsurped: (error) => {
        throw error;
      },
    });
    await database.close();
  } finally {
    removeRunDirectory(runDirectory);
  }
}

function fingerprint(): string {
  const hash = createHash('sha256').update(String(process.getuid?.()));
  for (const file of makers.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted())
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
