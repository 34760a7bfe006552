import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import { isNewer, type KeySet } from '@serverkit/wire/control-keys.ts';
import * as z from 'zod';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { StartupError } from '../startup-error.ts';

const settingKey = 'controlKeys';
const remembered = z.object({ generation: z.number(), serial: z.number(), currentId: z.string() });

/** Keeps in the database which keys its agents know, so that others do not go unnoticed. */
export async function rememberIdentity(
  tx: Pick<Prisma.TransactionClient, 'setting'>,
  set: KeySet,
): Promise<void> {
  const value = {
    generation: set.generation,
    serial: set.serial,
    currentId: keyIdOf(Buffer.from(set.current, 'base64url')),
  };
  await tx.setting.upsert({
    where: { key: settingKey },
    create: { key: settingKey, value },
    update: { value },
  });
}

/**
 * Makes sure that the identity keys of the data directory are those that this database was used with, or follow from
 * them: with others no agent would talk to us, and making new ones in silence would look like a takeover.
 *
 * @param history - of key sets, oldest first
 * @throws StartupError
 */
export async function checkIdentity(
  { prisma }: Database,
  audit: Audit,
  history: readonly KeySet[],
): Promise<void> {
  const now = history.at(-1);
  if (!now) throw new Error('a control plane always has keys');
  const row = await prisma.setting.findUnique({ where: { key: settingKey } });
  const known = remembered.safeParse(row?.value).data;
  const same = known?.generation === now.generation && known.serial === now.serial;
  if (same) return;
  if (known && isNewer(now, known) && now.generation === known.generation) {
    const follows = history.some(
      ({ serial, generation }) => serial === known.serial && generation === known.generation,
    );
    if (!follows) throw foreign();
  }
  await prisma.$transaction(async (tx) => {
    if (known) {
      await audit.record(tx, {
        actor: { kind: 'system', label: 'start' },
        action: now.generation > known.generation ? 'controlKey.recovered' : 'controlKey.found',
        parameters: { from: known.currentId, to: keyIdOf(Buffer.from(now.current, 'base64url')) },
      });
    }
    await rememberIdentity(tx, now);
  });
}

function foreign(): StartupError {
  return new StartupError(
    'The identity keys in the data directory are not those that the agents of this database know; restore the directory "keys" from a backup, or win the agents back with: npm run recovery-key -- restore FILE',
  );
}
