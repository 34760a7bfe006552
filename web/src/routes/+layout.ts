import { i18n } from '#lib/i18n.svelte.ts';

// A dashboard behind a sign-in has nothing to render on a server: the API hands out these files as they are.
export const ssr = false;

export const load = () => i18n.start();
