import Blocks from '@lucide/svelte/icons/blocks';
import Boxes from '@lucide/svelte/icons/boxes';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import Database from '@lucide/svelte/icons/database';
import Layers from '@lucide/svelte/icons/layers';
import Network from '@lucide/svelte/icons/network';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import { session } from '../session.svelte.ts';

/**
 * What the Docker section is made of, in the order of the sidebar. A section is a page over all servers at
 * `/docker/<name>`, and the same as a tab of each server at `/servers/<id>/<name>`; its word is under `nav` in the
 * messages.
 */
export const dockerSections = [
  { name: 'containers', icon: Boxes, scope: 'docker:containers:read', key: 'c' },
  { name: 'stacks', icon: Blocks, scope: 'docker:compose:read', key: 'k' },
  { name: 'images', icon: Layers, scope: 'docker:images:read', key: 'i' },
  { name: 'volumes', icon: Database, scope: 'docker:volumes:read', key: 'v' },
  { name: 'networks', icon: Network, scope: 'docker:networks:read', key: 'n' },
  { name: 'events', icon: CalendarClock, scope: 'docker:containers:read', key: 'd' },
  { name: 'logs', icon: ScrollText, scope: 'docker:containers:read', key: 'l' },
] as const;

/** The address of a section, over all servers or of one. */
export function sectionHref(name: (typeof dockerSections)[number]['name'], serverId?: string) {
  return serverId === undefined ? (`/docker/${name}` as const) : (`/servers/${serverId}/${name}` as const);
}

/** Those of them that the one who is signed in may open. */
export function openSections(): readonly (typeof dockerSections)[number][] {
  return dockerSections.filter(({ scope }) => session.may(scope));
}
