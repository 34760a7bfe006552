import Activity from '@lucide/svelte/icons/activity';
import History from '@lucide/svelte/icons/history';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Server from '@lucide/svelte/icons/server';
import Settings from '@lucide/svelte/icons/settings';
import { dockerSections, sectionHref } from './docker/sections.ts';
import { session } from './session.svelte.ts';

type Place = 'first' | 'docker' | 'last';
type PageName =
  'overview' | 'servers' | (typeof dockerSections)[number]['name'] | 'jobs' | 'audit' | 'settings';

export interface PageEntry {
  /** Its word is under `nav` in the messages. */
  readonly name: PageName;
  readonly href: string;
  readonly icon: typeof Activity;
  /** What it takes to open it. */
  readonly scope: string | null;
  /** After `g` it leads there. */
  readonly key: string;
  /** Which part of the sidebar it is in. */
  readonly place: Place;
}

/** The pages that stand on their own, in the order of the sidebar. */
const pages: readonly PageEntry[] = [
  { name: 'overview', href: '/', icon: Activity, scope: 'servers:read', key: 'o', place: 'first' },
  { name: 'servers', href: '/servers', icon: Server, scope: 'servers:read', key: 's', place: 'first' },
  ...dockerSections.map(({ name, icon, scope, key }) => ({
    name,
    href: sectionHref(name),
    icon,
    scope,
    key,
    place: 'docker' as const,
  })),
  { name: 'jobs', href: '/jobs', icon: ListChecks, scope: 'servers:read', key: 'j', place: 'last' },
  { name: 'audit', href: '/audit', icon: History, scope: 'audit:read', key: 'a', place: 'last' },
  { name: 'settings', href: '/settings', icon: Settings, scope: null, key: 'e', place: 'last' },
];

/** Those of them that the one who is signed in may open. */
export function openPages(): readonly PageEntry[] {
  return pages.filter(({ scope }) => scope === null || session.may(scope));
}

/** Whether `path` lies within the page. */
export function within(page: PageEntry, path: string): boolean {
  return page.href === '/' ? path === '/' : path === page.href || path.startsWith(`${page.href}/`);
}
