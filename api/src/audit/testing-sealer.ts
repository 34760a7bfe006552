/** A process for tests to kill: seals the record of a data directory whose database runs. */
import { connectToDatabase, quiet } from '../database/testing.ts';
import { openVault } from '../secrets/vault.ts';
import { createAnchor } from './anchor.ts';
import { createMarks } from './marks.ts';
import { Sealer } from './sealer.ts';
import { createSeals } from './seals.ts';

const dataDirectory = process.argv[2] ?? '';
const vault = openVault(dataDirectory);
const sealer = new Sealer({
  seals: createSeals(vault),
  marks: createMarks(vault),
  pool: connectToDatabase(dataDirectory),
  anchor: createAnchor(dataDirectory),
  log: quiet,
  atOnce: 2,
});
process.stdout.write('begun\n');
for (;;) await sealer.sealAll();
