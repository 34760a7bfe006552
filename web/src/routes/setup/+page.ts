import { redirect } from '@sveltejs/kit';
import { session } from '#lib/session.svelte.ts';

export const load = async () => {
  const state = await session.open();
  if (state === 'signedOut') redirect(307, '/sign-in');
  if (state === 'signedIn') redirect(307, '/');
};
