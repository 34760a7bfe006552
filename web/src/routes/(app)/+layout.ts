import { redirect } from '@sveltejs/kit';
import { session } from '#lib/session.svelte.ts';

export const load = async ({ url }: { url: URL }) => {
  const state = await session.open();
  if (state === 'setup') redirect(307, '/setup');
  if (state === 'signedOut') {
    const here = url.pathname + url.search;
    redirect(307, here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`);
  }
};
