import { i18n } from '#lib/i18n.svelte.ts';

// A dashboard behind a sign-in has nothing to render on a server: the API hands out these files as they are.
export const ssr = false;

/** Where most visits begin: these wait for as little as can be, and use {@link early} for what they say. */
const first = new Set(['/(app)', '/sign-in', '/setup']);

export const load = ({ route }: { route: { id: string | null } }) =>
  i18n.start(route.id !== null && !first.has(route.id));
