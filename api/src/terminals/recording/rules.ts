import * as z from 'zod';
import type { Actor } from '../../audit/actor.ts';
import type { Audit } from '../../audit/service.ts';
import type { Database } from '../../database/database.ts';
import { notFound } from '../../errors.ts';

const settingKey = 'terminal.recording';

/** How long recordings are kept. Days. */
export const keptDays = { min: 1, max: 3_650, default: 90 } as const;

/** What all recordings may take of the disk. Megabytes of 2^20 bytes; two of the largest fit into the least. */
export const keptMegabytes = { min: 64, max: 16 * 1024 * 1024, default: 8 * 1024 } as const;

const settingShape = z.object({
  everywhere: z.boolean(),
  days: z.int().min(keptDays.min).max(keptDays.max),
  // Those who set the others before there was this one said nothing of it.
  megabytes: z.int().min(keptMegabytes.min).max(keptMegabytes.max).default(keptMegabytes.default),
});

export type RecordingSettings = z.infer<typeof settingShape>;

interface Rules extends RecordingSettings {
  readonly servers: ReadonlySet<string>;
}

/** Which terminals have to be recorded, and for how long and how much of that is kept. */
export class RecordingRules {
  readonly #db: Database;
  readonly #audit: Audit;
  /** Asked at every keystroke, so it is kept; nobody else changes it. */
  #rules: Promise<Rules> | undefined;

  constructor({ db, audit }: { readonly db: Database; readonly audit: Audit }) {
    this.#db = db;
    this.#audit = audit;
  }

  /** @throws the database's error: then nothing is known, and nothing may go unrecorded */
  async requires(serverId: string): Promise<boolean> {
    const { everywhere, servers } = await this.#read();
    return everywhere || servers.has(serverId);
  }

  async settings(): Promise<RecordingSettings> {
    const { everywhere, days, megabytes } = await this.#read();
    return { everywhere, days, megabytes };
  }

  async set(settings: RecordingSettings, actor: Actor): Promise<void> {
    const before = await this.settings();
    await this.#db.prisma.$transaction(async (tx) => {
      await tx.setting.upsert({
        where: { key: settingKey },
        create: { key: settingKey, value: settings },
        update: { value: settings },
      });
      await this.#audit.record(tx, {
        actor,
        action: 'terminalRecording.set',
        parameters: { ...settings, before },
      });
    });
    this.#rules = undefined;
  }

  /** @throws ServerKitError NOT_FOUND */
  async setServer(serverId: string, required: boolean, actor: Actor): Promise<void> {
    await this.#db.prisma.$transaction(async (tx) => {
      const [server] = await tx.server.updateManyAndReturn({
        where: { id: serverId },
        data: { recordTerminals: required },
      });
      if (!server) throw notFound('server', serverId);
      await this.#audit.record(tx, {
        actor,
        action: 'terminalRecording.require',
        target: { kind: 'server', id: serverId, name: server.name },
        parameters: { required },
      });
    });
    this.#rules = undefined;
  }

  #read(): Promise<Rules> {
    if (this.#rules) return this.#rules;
    const reading = this.#readNow();
    this.#rules = reading;
    reading.catch(() => {
      if (this.#rules === reading) this.#rules = undefined;
    });
    return reading;
  }

  async #readNow(): Promise<Rules> {
    const { prisma } = this.#db;
    const setting = await prisma.setting.findUnique({ where: { key: settingKey } });
    const rows = await prisma.server.findMany({ where: { recordTerminals: true }, select: { id: true } });
    // A setting that cannot be read was meant to be one.
    const { data } = setting
      ? settingShape.safeParse(setting.value)
      : { data: { everywhere: false, days: keptDays.default, megabytes: keptMegabytes.default } };
    return {
      ...(data ?? { everywhere: true, days: keptDays.max, megabytes: keptMegabytes.default }),
      servers: new Set(rows.map(({ id }) => id)),
    };
  }
}
