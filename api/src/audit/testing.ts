import { rm } from 'node:fs/promises';
import type { Database } from '../database/database.ts';
import { transaction, withSession } from '../database/session.ts';
import { openReleaseDatabase, quiet, testDataDirectory } from '../database/testing.ts';
import { readEnvironment } from '../env.ts';
import { openVault, type Vault } from '../secrets/vault.ts';
import { anchorPath } from './anchor.ts';
import { createAudit, type Audit } from './service.ts';
import { AuditTrail } from './trail.ts';
import type { Verification } from './verification.ts';

/** A record on a database of its own, sealed when the test says so. */
export interface TestRecord extends AsyncDisposable {
  readonly db: Database;
  readonly dataDir: string;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly trail: AuditTrail;
  /** Records events with these actions, one after the other. @returns their ids */
  write(...actions: readonly string[]): Promise<bigint[]>;
  /** Writes and seals. @returns their ids */
  seal(...actions: readonly string[]): Promise<bigint[]>;
  /** As somebody who has got hold of the database. */
  sql(text: string, ...values: readonly unknown[]): Promise<void>;
  verify(since?: 'beginning' | 'checkpoint'): Promise<Verification>;
  /** What a check finds, one line each: `ALTERED evt_3`. */
  problems(since?: 'beginning' | 'checkpoint'): Promise<string[]>;
  /** An empty record again, faster than a new one. */
  reset(): Promise<void>;
}

export async function testRecord(): Promise<TestRecord> {
  const undo = new AsyncDisposableStack();
  const data = undo.use(await testDataDirectory());
  const db = await openReleaseDatabase(data);
  undo.defer(() => db.close());
  const vault = openVault(data.path);
  const env = readEnvironment({ SERVERKIT_DATA_DIR: data.path });
  const audit = createAudit({ db, log: quiet, vault });
  const trail = new AuditTrail({ db, env, log: quiet, vault }, audit);

  async function write(...actions: readonly string[]): Promise<bigint[]> {
    await withSession(db.pool, (client) =>
      transaction(client, async () => {
        for (const action of actions) {
          const { text, values } = audit.insertion({
            actor: { kind: 'user', id: 'usr_1', label: 'ada@example.com', address: '192.0.2.1' },
            action,
            target: { kind: 'server', id: 'srv_1', name: 'web-1' },
            parameters: { zeta: 1, alpha: [0.1, null, { b: 'ü', a: 1e21 }] },
            durationMs: 12,
            exitCode: 0,
          });
          await client.query(text, [...values]);
        }
      }),
    );
    const rows = await db.prisma.auditEvent.findMany({ orderBy: { id: 'desc' }, take: actions.length });
    return rows.map(({ id }) => id).toReversed();
  }
  const verify: TestRecord['verify'] = (since = 'beginning') =>
    trail.verify({ since, signal: new AbortController().signal });
  return {
    db,
    dataDir: data.path,
    vault,
    audit,
    trail,
    write,
    async seal(...actions) {
      const ids = await write(...actions);
      await trail.sealer.sealAll();
      return ids;
    },
    async sql(text, ...values) {
      await db.pool.query(text, [...values]);
    },
    verify,
    async problems(since) {
      const { problems } = await verify(since);
      return problems.map(({ kind, eventId, position, seals }) =>
        [
          kind,
          eventId === undefined ? `place ${position}` : `evt_${eventId}`,
          seals && `and ${seals - 1} more`,
        ]
          .filter(Boolean)
          .join(' '),
      );
    },
    async reset() {
      await db.pool.query(
        `TRUNCATE "AuditEvent", audit.seals, audit.checkpoints, audit.pending RESTART IDENTITY;
         ALTER TABLE "AuditEvent" ENABLE TRIGGER USER`,
      );
      await rm(anchorPath(data.path), { force: true });
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  };
}
