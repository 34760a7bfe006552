import type pg from 'pg';
import type { Vault } from '../secrets/vault.ts';
import { createAnchor } from './anchor.ts';
import { readHead, readLandmarks } from './rows.ts';
import { createSeals } from './seals.ts';

/**
 * Writes down where the record of a restored database ends. An anchor of the time before, or none, would have a check
 * report what came after the backup as taken away.
 * @param dataDirectory - gets the anchor
 */
export async function anchorRestored(
  client: pg.ClientBase,
  vault: Vault,
  dataDirectory: string,
): Promise<void> {
  const head = await readHead(client, await readLandmarks(client, createSeals(vault)));
  if (head) await createAnchor(dataDirectory).write(head);
}
