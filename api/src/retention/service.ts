import type { Logger } from 'pino';
import type { AgentMachinery } from '../agents/service.ts';
import type { Identity } from '../identity/service.ts';
import type { Jobs } from '../jobs/service.ts';
import { errorText } from '../startup-error.ts';
import type { Terminals } from '../terminals/service.ts';
import type { Tokens } from '../tokens/service.ts';

/** Something that is kept for a while after it ended, so that people see what became of it. */
export interface Sweep {
  /** In the plural, for the log. */
  readonly what: string;
  /** For so long after its end. */
  readonly days: number | (() => Promise<number>);
  /** Takes away what ended before then. @returns how much */
  readonly sweep: (before: Date) => Promise<number>;
}

interface Sources {
  readonly agents: Pick<AgentMachinery, 'registrations' | 'records'>;
  readonly identity: Identity;
  readonly jobs: Jobs;
  readonly terminals: Pick<Terminals, 'recordings'>;
  readonly tokens: Tokens;
}

/** What ends and how long it stays; docs/deploy.md says the same. The audit log and metrics have times of their own. */
export function sweepsOf({ agents, identity, jobs, terminals, tokens }: Sources): readonly Sweep[] {
  return [
    { what: 'sessions', days: 30, sweep: (before) => identity.sessions.sweep(before) },
    { what: 'invitations', days: 30, sweep: (before) => identity.invitations.sweep(before) },
    { what: 'password resets', days: 30, sweep: (before) => identity.resets.sweep(before) },
    { what: 'registration tokens', days: 30, sweep: (before) => agents.registrations.sweep(before) },
    { what: 'API tokens', days: 90, sweep: (before) => tokens.sweep(before) },
    { what: 'links of agents', days: 90, sweep: (before) => agents.records.forgetLinks(before) },
    { what: 'jobs', days: 90, sweep: (before) => jobs.sweep(before) },
    {
      what: 'terminal recordings',
      days: async () => (await terminals.recordings.rules.settings()).days,
      sweep: (before) => terminals.recordings.shelf.sweep(before),
    },
  ];
}

const dayMs = 24 * 60 * 60_000;

/** One that fails is made up for by the next round and holds up none of the others. */
export async function sweepAll(
  sweeps: readonly Sweep[],
  { log, signal, now = Date.now() }: { log: Logger; signal: AbortSignal; now?: number },
): Promise<void> {
  for (const { what, days: kept, sweep } of sweeps) {
    if (signal.aborted) return;
    try {
      const days = typeof kept === 'number' ? kept : await kept();
      const count = await sweep(new Date(now - days * dayMs));
      if (count > 0) log.info({ what, count, days }, 'what ended long ago was deleted');
    } catch (error) {
      if (!signal.aborted)
        log.warn({ what, reason: errorText(error) }, 'what ended long ago was not deleted');
    }
  }
}
