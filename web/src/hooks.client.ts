import type { HandleClientError } from '@sveltejs/kit/hooks';
import { sentence } from '#lib/errors.ts';
import { i18n } from '#lib/i18n.svelte.ts';

/** What a page that could not be opened shows. */
export const handleError: HandleClientError = async ({ kind, error }) => {
  await i18n.start(false);
  return kind === 'unknown' ? { message: sentence(error) } : {};
};
