import { fleet } from '../fleet/fleet.svelte.ts';
import { t } from '../i18n.svelte.ts';
import { kindText } from '../jobs/job-text.ts';
import type { AuditEvent } from './audit-log.svelte.ts';

/** An action as words where the messages have them, else its own name. */
export function actionText(action: string): string {
  return t().audit.actions[action] ?? kindText(action);
}

/** An id of ours: it says nothing to anybody. */
const opaque = /^[a-z]{2,6}_[0-9a-z]{16,}$/;

/** What it was done to: by its name, or by its id where that is the name, as of stacks. */
export function targetText({
  targetKind,
  targetId,
  targetName,
}: Pick<AuditEvent, 'targetKind' | 'targetId' | 'targetName'>): string {
  const name = targetName ?? (targetKind === 'server' ? fleet.get(targetId ?? '')?.row.name : undefined);
  const text = name ?? targetId ?? '';
  if (/^[0-9a-f]{64}$/.test(text)) return text.slice(0, 12);
  return opaque.test(text) ? '' : text;
}

/** Who did it, by name where there is one. */
export function actorText({ actorKind, actorLabel }: Pick<AuditEvent, 'actorKind' | 'actorLabel'>): string {
  if (actorKind === 'USER') return actorLabel;
  const kind = t().audit.actors[actorKind];
  return actorLabel === kind ? kind : `${kind} ${actorLabel}`.trim();
}
