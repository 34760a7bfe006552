import { t } from '#lib/i18n.svelte.ts';

/** An action as words: the noun's verb where the messages have it, else its own name. */
export function actionText(action: string): string {
  return t().audit.actions[action] ?? action.replaceAll(/[._]/g, ' ');
}
