import { findLink } from '#lib/one-time-link.ts';

export const load = () => findLink(location.hash, 'PASSWORD_RESET');
