import type pg from 'pg';
import { anchorRestored } from '../audit/restored.ts';
import { auditInsertion } from '../audit/service.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Header } from './archive/header.ts';
import { restoreSetting } from './settle.ts';

/**
 * What could be used once and may have been since the backup, or was open then, is over. API tokens are not: programs
 * would stand still.
 */
const endings = [
  `UPDATE "Session" SET "revokedAt" = now() WHERE "revokedAt" IS NULL`,
  `UPDATE "RegistrationToken" SET "revokedAt" = now() WHERE "revokedAt" IS NULL AND "usedAt" IS NULL`,
  `UPDATE "PasswordReset" SET "revokedAt" = now() WHERE "revokedAt" IS NULL AND "usedAt" IS NULL`,
  `UPDATE "Invitation" SET "revokedAt" = now() WHERE "revokedAt" IS NULL AND "acceptedAt" IS NULL`,
  // What was to be done on many servers may have been done since: it does not go on by itself.
  `DELETE FROM "JobOrder"`,
  `UPDATE "LinkSession" SET "endedAt" = now(), "endReason" = 'Restored from a backup' WHERE "endedAt" IS NULL`,
  `DELETE FROM "OpenTerminal"`,
  `UPDATE "TerminalRecording" SET "endedAt" = now(), "ending" = 'FAILED' WHERE "endedAt" IS NULL`,
];

export interface Restored {
  readonly id: string;
  readonly header: Header;
  readonly vault: Vault;
  /** Gets the end of the audit record. */
  readonly staging: string;
}

/** Makes a loaded database one that has been restored, in the transaction that loaded it; it is on record. */
export async function settleDatabase(
  client: pg.ClientBase,
  { id, header, vault, staging }: Restored,
): Promise<void> {
  for (const ending of endings) await client.query(ending);
  await client.query(
    `INSERT INTO "Setting" ("key", "value", "updatedAt") VALUES ($1, $2, now())
     ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value", "updatedAt" = now()`,
    [restoreSetting, { id }],
  );
  await anchorRestored(client, vault, staging);
  const { text, values } = auditInsertion(vault, {
    actor: { kind: 'system', label: 'npm run restore' },
    action: 'controlPlane.restore',
    parameters: { backupFrom: header.createdAt, release: header.product },
  });
  await client.query(text, [...values]);
}
