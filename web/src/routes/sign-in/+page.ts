import { redirect } from '@sveltejs/kit';
import { leaveFor, nextPage } from '#lib/next-page.ts';
import { session } from '#lib/session.svelte.ts';

export const load = async ({ url }: { url: URL }) => {
  const next = nextPage(url.searchParams.get('next'));
  const state = await session.open();
  if (state === 'setup') redirect(307, '/setup');
  if (state === 'signedIn' && !leaveFor(next)) redirect(307, next);
  return { next };
};
