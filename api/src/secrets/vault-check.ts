import { StartupError } from '../startup-error.ts';
import type { Database } from '../database/database.ts';
import { VaultError, type Vault } from './vault.ts';

/** Of the setting that {@link fits} looks at. */
export const settingKey = 'vault.check';

/**
 * Makes sure that the keys of the data directory are those this database was written with, before something fails to
 * open or, worse, agents meet a control plane they do not know.
 * @throws StartupError
 */
export async function checkVault({ prisma }: Pick<Database, 'prisma'>, vault: Vault): Promise<void> {
  const sealed = vault.seal(Buffer.from('serverkit'), settingKey).toString('base64');
  const { value } = await prisma.setting.upsert({
    where: { key: settingKey },
    create: { key: settingKey, value: sealed },
    update: {},
  });
  if (!fits(vault, value)) {
    throw new StartupError(
      'The database was written with other keys than those in the data directory; restore the directory "keys" that belongs to it, or set SERVERKIT_DATA_DIR to where it is.',
    );
  }
}

/** Whether a database belongs to these keys. @param value - of its setting {@link settingKey} */
export function fits(vault: Vault, value: unknown): boolean {
  try {
    vault.open(Buffer.from(typeof value === 'string' ? value : '', 'base64'), settingKey);
    return true;
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
}
