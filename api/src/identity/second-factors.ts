import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError } from '../errors.ts';
import type { Vault } from '../secrets/vault.ts';
import { newRecoveryCodes, recoveryCodeHash } from './recovery-codes.ts';
import { enrolment, newTotpSecret, stepOf, type TotpEnrolment } from './totp.ts';

/** For how long a secret that was shown can be confirmed, in milliseconds. */
const enrolForMs = 15 * 60_000;

interface Needs {
  readonly db: Database;
  readonly vault: Vault;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Transaction = Pick<Prisma.TransactionClient, 'secondFactor' | 'recoveryCode'>;

export interface SecondFactorState {
  readonly enabledAt: Date;
  readonly recoveryCodesLeft: number;
}

/** What a code turned out to be. */
export type CodeKind = 'totp' | 'recoveryCode';

/** Codes of an authenticator app beside the password (RFC 6238), and the recovery codes for when it is lost. */
export class SecondFactors {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async enabled(userId: string): Promise<boolean> {
    const count = await this.#needs.db.prisma.secondFactor.count({
      where: { userId, confirmedAt: { not: null } },
    });
    return count > 0;
  }

  /**
   * A new secret, which counts once a code of it was given back; one shown earlier is forgotten.
   * @throws ServerKitError CONFLICT when there is a second factor already
   */
  async begin(
    tx: Transaction,
    { id: userId, email }: { readonly id: string; readonly email: string },
    issuer: string,
  ): Promise<TotpEnrolment> {
    const secret = newTotpSecret();
    const fresh = {
      sealedSecret: new Uint8Array(this.#needs.vault.seal(secret, sealContext(userId))),
      createdAt: new Date(this.#needs.now()),
    };
    await tx.secondFactor.createMany({ data: { userId, ...fresh }, skipDuplicates: true });
    const { count } = await tx.secondFactor.updateMany({ where: { userId, confirmedAt: null }, data: fresh });
    if (count === 0) throw alreadyOn();
    return enrolment({ secret, issuer, label: email });
  }

  /**
   * Turns the second factor on.
   * @returns recovery codes, which are shown once
   * @throws ServerKitError SECOND_FACTOR_INVALID, or CONFLICT when nothing waits to be confirmed
   */
  async confirm(tx: Transaction, userId: string, code: string): Promise<string[]> {
    const now = this.#needs.now();
    const row = await tx.secondFactor.findUnique({ where: { userId } });
    if (row?.confirmedAt != null) throw alreadyOn();
    if (!row || row.createdAt.getTime() + enrolForMs < now) {
      throw new ServerKitError(
        'CONFLICT',
        'Begin again: the secret to confirm was never shown, or too long ago.',
      );
    }
    const step = stepOf(digits(code) ?? '', this.#open(userId, row.sealedSecret), now);
    if (step === undefined) throw codeInvalid();
    const { count } = await tx.secondFactor.updateMany({
      where: { userId, confirmedAt: null, sealedSecret: row.sealedSecret },
      data: { confirmedAt: new Date(now), lastStep: step },
    });
    if (count === 0) throw codeInvalid();
    return this.renewRecoveryCodes(tx, userId);
  }

  /** New recovery codes in place of all earlier ones; shown once. */
  async renewRecoveryCodes(tx: Transaction, userId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    await tx.recoveryCode.deleteMany({ where: { userId } });
    await tx.recoveryCode.createMany({
      data: codes.map((code) => ({ userId, codeHash: recoveryCodeHash(userId, code) })),
    });
    return codes;
  }

  /** @returns whether there was one to take away */
  async remove(tx: Transaction, userId: string): Promise<boolean> {
    await tx.recoveryCode.deleteMany({ where: { userId } });
    const { count } = await tx.secondFactor.deleteMany({ where: { userId, confirmedAt: { not: null } } });
    return count > 0;
  }

  async find(userId: string): Promise<SecondFactorState | null> {
    const { prisma } = this.#needs.db;
    const row = await prisma.secondFactor.findUnique({ where: { userId }, select: { confirmedAt: true } });
    if (row?.confirmedAt == null) return null;
    const recoveryCodesLeft = await prisma.recoveryCode.count({ where: { userId, usedAt: null } });
    return { enabledAt: row.confirmedAt, recoveryCodesLeft };
  }

  /** Spends a code: each is good once, also when it is sent twice at the same time. @returns undefined when it is not good */
  async use(userId: string, code: string): Promise<CodeKind | undefined> {
    const six = digits(code);
    if (six !== undefined) return (await this.#useTotp(userId, six)) ? 'totp' : undefined;
    const { count } = await this.#needs.db.prisma.recoveryCode.updateMany({
      where: { userId, codeHash: recoveryCodeHash(userId, code), usedAt: null },
      data: { usedAt: new Date(this.#needs.now()) },
    });
    return count > 0 ? 'recoveryCode' : undefined;
  }

  async #useTotp(userId: string, code: string): Promise<boolean> {
    const { db, now } = this.#needs;
    const row = await db.prisma.secondFactor.findUnique({ where: { userId, confirmedAt: { not: null } } });
    const step = row && stepOf(code, this.#open(userId, row.sealedSecret), now());
    if (step == null) return false;
    // Whoever looked over a shoulder has half a minute left: no step counts twice, nor one before it.
    const { count } = await db.prisma.secondFactor.updateMany({
      where: { userId, lastStep: { lt: step } },
      data: { lastStep: step },
    });
    return count > 0;
  }

  #open(userId: string, sealed: Uint8Array): Uint8Array {
    return this.#needs.vault.open(sealed, sealContext(userId));
  }
}

/** The six digits of an app's code, however they are grouped; undefined for anything else. */
function digits(code: string): string | undefined {
  const plain = code.replaceAll(/[\s-]/g, '');
  return /^\d{6}$/.test(plain) ? plain : undefined;
}

export function codeInvalid(): ServerKitError {
  return new ServerKitError(
    'SECOND_FACTOR_INVALID',
    'This code is not right, or was used before. Wait for the next one of your app, or use a recovery code.',
  );
}

function alreadyOn(): ServerKitError {
  return new ServerKitError('CONFLICT', 'There is a second factor already. Turn it off first.');
}

function sealContext(userId: string): string {
  return `second-factor:${userId}`;
}
