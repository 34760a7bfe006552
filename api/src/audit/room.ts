import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { errorText } from '../startup-error.ts';
import { createExportHandler } from './export-route.ts';

/** How often (ms) old events are looked for. */
const retentionEveryMs = 60 * 60_000;

/** Seals from before the first request until after the last. */
export function auditRoom(platform: Platform, services: Services): Room {
  const { log } = platform;
  const trail = services.auditTrail;
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let tidying: Promise<void> = Promise.resolve();
  return {
    name: 'audit',
    routes(router) {
      router.http({
        path: '/audit/export',
        methods: ['POST'],
        handle: createExportHandler({ platform, services }),
      });
    },
    async prepare() {
      await trail.sealer.start();
    },
    started() {
      void look();
      timer = setInterval(() => {
        tidying = tidy();
      }, retentionEveryMs).unref();
    },
    async drain() {
      ending.abort();
      clearInterval(timer);
      await tidying;
      await trail.sealer.stop();
    },
  };

  /** What was sealed last is what an intruder who took the place over would have touched first. */
  async function look(): Promise<void> {
    try {
      const { problems, problemCount } = await trail.verify({ since: 'checkpoint', signal: ending.signal });
      if (problemCount === 0) return;
      const [first] = problems;
      log.error(
        { problems: problemCount, kind: first?.kind, event: first?.eventId && `evt_${first.eventId}` },
        'the audit record is not as it was written; the query verifyAudit says where',
      );
    } catch (error) {
      if (!ending.signal.aborted) log.warn({ reason: errorText(error) }, 'the audit record was not checked');
    }
  }

  async function tidy(): Promise<void> {
    try {
      const deleted = await trail.deleteOld(ending.signal);
      if (deleted > 0) log.info({ deleted }, 'old audit events were deleted');
    } catch (error) {
      if (ending.signal.aborted) return;
      log.warn({ reason: errorText(error) }, 'old audit events were not deleted; the next hour tries again');
    }
  }
}
