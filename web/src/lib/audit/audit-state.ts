import type { ActorKind, AuditEventFilter } from '#lib/generated/graphql.ts';
import { oneOf, textParameter, type StateOf } from '#lib/url-state.ts';

export const outcomes = ['', 'OK', 'REFUSED', 'FAILED'] as const;
export const periods = ['', '1h', '24h', '7d', '30d', 'custom'] as const;

/** Nouns an action can begin with; choosing one finds all of its actions. */
export const nouns = [
  '',
  'server',
  'group',
  'container',
  'image',
  'job',
  'session',
  'user',
  'invitation',
  'grant',
  'token',
  'updatePolicy',
  'secondFactor',
  'agent',
  'controlKey',
  'audit',
  'agentKeys',
  'setup',
] as const;

/** Who is no person of the list. */
export const strangers = ['TOKEN', 'AGENT', 'SYSTEM', 'ANONYMOUS'] as const satisfies readonly ActorKind[];

const hour = 3_600_000;
const periodMs: Record<Exclude<(typeof periods)[number], '' | 'custom'>, number> = {
  '1h': hour,
  '24h': 24 * hour,
  '7d': 7 * 24 * hour,
  '30d': 30 * 24 * hour,
};

export const auditState = {
  action: oneOf(nouns, ''),
  outcome: oneOf(outcomes, ''),
  since: oneOf(periods, ''),
  /** With a period of one's own: local times as the browser's own field writes them, `2026-11-22T10:30`. */
  from: textParameter(),
  to: textParameter(),
  server: textParameter(),
  /** A person's id, or a kind of actor. */
  actor: textParameter(),
};

export type AuditState = StateOf<typeof auditState>;

export const unfiltered: AuditState = {
  action: '',
  outcome: '',
  since: '',
  from: '',
  to: '',
  server: '',
  actor: '',
};

export const isFiltered = (state: AuditState): boolean => Object.values(state).some((value) => value !== '');

/** The state as the API takes it; `now` in ms. */
export function toFilter(
  { action, outcome, since, from, to, server, actor }: AuditState,
  now: number,
): AuditEventFilter {
  const kind = strangers.find((one) => one === actor);
  return {
    ...(action !== '' && { action }),
    ...(outcome !== '' && { outcome }),
    ...(server !== '' && { serverId: server }),
    ...(kind && { actorKind: kind }),
    ...(actor !== '' && !kind && { actorId: actor }),
    ...(since === 'custom' ? { ...bound('from', from), ...bound('to', to) } : {}),
    ...(since !== '' && since !== 'custom' && { from: new Date(now - periodMs[since]).toISOString() }),
  };
}

function bound(name: 'from' | 'to', local: string): AuditEventFilter {
  const at = Date.parse(local);
  return Number.isNaN(at) ? {} : { [name]: new Date(at).toISOString() };
}
