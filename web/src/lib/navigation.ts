import Activity from '@lucide/svelte/icons/activity';
import Boxes from '@lucide/svelte/icons/boxes';
import History from '@lucide/svelte/icons/history';
import Server from '@lucide/svelte/icons/server';
import Settings from '@lucide/svelte/icons/settings';
import { session } from './session.svelte.ts';

/** The pages that stand on their own, in the order of the sidebar. Words are under `nav` in the messages. */
const pages = [
  { name: 'overview', href: '/', icon: Activity, scope: 'servers:read', key: 'o' },
  { name: 'servers', href: '/servers', icon: Server, scope: 'servers:read', key: 's' },
  { name: 'containers', href: '/docker/containers', icon: Boxes, scope: 'docker:containers:read', key: 'c' },
  { name: 'audit', href: '/audit', icon: History, scope: 'audit:read', key: 'a' },
  { name: 'settings', href: '/settings', icon: Settings, scope: null, key: 'e' },
] as const;

export type PageEntry = (typeof pages)[number];

/** Those of them that the one who is signed in may open. */
export function openPages(): readonly PageEntry[] {
  return pages.filter(({ scope }) => scope === null || session.may(scope));
}

/** Whether `path` lies within the page. */
export function within(page: PageEntry, path: string): boolean {
  return page.href === '/' ? path === '/' : path === page.href || path.startsWith(`${page.href}/`);
}
