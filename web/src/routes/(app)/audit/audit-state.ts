import type { AuditEventFilter } from '#lib/generated/graphql.ts';
import { oneOf, textParameter, type StateOf } from '#lib/url-state.ts';

export const outcomes = ['', 'OK', 'REFUSED', 'FAILED'] as const;
export const periods = ['', '1h', '24h', '7d', '30d'] as const;

/** Nouns an action can begin with; choosing one finds all of its actions. */
export const nouns = ['', 'server', 'container', 'session', 'agent', 'setup', 'user'] as const;

const hour = 3_600_000;
const periodMs: Record<(typeof periods)[number], number> = {
  '': 0,
  '1h': hour,
  '24h': 24 * hour,
  '7d': 7 * 24 * hour,
  '30d': 30 * 24 * hour,
};

export const auditState = {
  action: oneOf(nouns, ''),
  outcome: oneOf(outcomes, ''),
  since: oneOf(periods, ''),
  server: textParameter(),
  actor: textParameter(),
};

export type AuditState = StateOf<typeof auditState>;

export const isFiltered = (state: AuditState): boolean => Object.values(state).some((value) => value !== '');

/** The state as the API takes it; `now` in ms. */
export function toFilter(
  { action, outcome, since, server, actor }: AuditState,
  now: number,
): AuditEventFilter {
  return {
    ...(action !== '' && { action }),
    ...(outcome !== '' && { outcome }),
    ...(server !== '' && { serverId: server }),
    ...(actor !== '' && { actorId: actor }),
    ...(since !== '' && { from: new Date(now - periodMs[since]).toISOString() }),
  };
}
