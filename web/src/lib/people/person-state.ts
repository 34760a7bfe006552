import type { People_PersonFragment } from '../generated/graphql.ts';
import { t } from '../i18n.svelte.ts';
import type { Look } from '../look.ts';

/** The one word for an account. */
export function personState({
  disabledAt,
  hasPassword,
}: Pick<People_PersonFragment, 'disabledAt' | 'hasPassword'>): {
  readonly look: Look;
  readonly word: string;
} {
  if (disabledAt) return { look: 'neutral', word: t().users.disabled };
  if (!hasPassword) return { look: 'warning', word: t().users.noPassword };
  return { look: 'good', word: t().users.active };
}
