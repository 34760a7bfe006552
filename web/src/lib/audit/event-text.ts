import { t } from '../i18n.svelte.ts';
import type { AuditEvent } from './audit-log.svelte.ts';

/** An action as words where the messages have them, else its own name. */
export function actionText(action: string): string {
  return t().audit.actions[action] ?? action.replaceAll(/[._]/g, ' ');
}

/** Who did it, by name where there is one. */
export function actorText({ actorKind, actorLabel }: Pick<AuditEvent, 'actorKind' | 'actorLabel'>): string {
  if (actorKind === 'USER') return actorLabel;
  const kind = t().audit.actors[actorKind];
  return actorLabel === kind ? kind : `${kind} ${actorLabel}`.trim();
}
