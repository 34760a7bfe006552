import * as z from 'zod';
import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError } from '../errors.ts';
import { newId, randomText } from '../ids.ts';
import { digest, sameDigest } from './session-secrets.ts';

const settingKey = 'setup';
const settingShape = z.object({ codeHash: z.string() });

/** Four groups of five characters of 5 bits each: 100 bits, short enough to type. */
const groups = 4;
const groupLength = 5;

export interface FirstAdmin {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
}

/** The one-time code that makes the first administrator; only its hash is stored. */
export class Setup {
  readonly #db: Database;
  /** Once there is a user there always is one. */
  #done = false;

  constructor(db: Database) {
    this.#db = db;
  }

  async needed(): Promise<boolean> {
    if (this.#done) return false;
    this.#done = (await this.#db.prisma.user.findFirst({ select: { id: true } })) !== null;
    return !this.#done;
  }

  /** Makes a new code, which ends the one before; a lost code is found again by a restart. */
  async newCode(): Promise<string> {
    const code = Array.from({ length: groups }, () => randomText(groupLength).toUpperCase()).join('-');
    const value = { codeHash: hashOf(code) };
    await this.#db.prisma.setting.upsert({
      where: { key: settingKey },
      create: { key: settingKey, value },
      update: { value },
    });
    return code;
  }

  /** @throws ServerKitError SETUP_DONE or SETUP_CODE_INVALID */
  async check(code: string): Promise<void> {
    if (!(await this.needed())) throw setupDone();
    const setting = await this.#db.prisma.setting.findUnique({ where: { key: settingKey } });
    const stored = settingShape.safeParse(setting?.value);
    if (!stored.success || !sameDigest(Buffer.from(stored.data.codeHash), Buffer.from(hashOf(code)))) {
      throw new ServerKitError(
        'SETUP_CODE_INVALID',
        'This setup code is not valid. ServerKit prints it when it starts; restart it to get a new one.',
      );
    }
  }

  /**
   * Makes the first administrator. Of several at once the first wins: the others wait for its lock.
   * @throws ServerKitError SETUP_DONE
   */
  async createFirstAdmin(tx: Prisma.TransactionClient, { email, name, passwordHash }: FirstAdmin) {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.setup'))`;
    if ((await tx.user.count()) > 0) throw setupDone();
    await tx.setting.deleteMany({ where: { key: settingKey } });
    return tx.user.create({ data: { id: newId('user'), email, name, role: 'admin', passwordHash } });
  }
}

function setupDone(): ServerKitError {
  return new ServerKitError('SETUP_DONE', 'ServerKit has its first administrator already. Sign in.');
}

/** Typed from a terminal: case and separators do not matter, and what looks alike counts as the same. */
function hashOf(code: string): string {
  const plain = code
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
  return Buffer.from(digest(`setup:${plain}`)).toString('base64');
}
