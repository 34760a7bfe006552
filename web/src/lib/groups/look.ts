import Box from '@lucide/svelte/icons/box';
import Building2 from '@lucide/svelte/icons/building-2';
import Cloud from '@lucide/svelte/icons/cloud';
import CodeXml from '@lucide/svelte/icons/code-xml';
import Database from '@lucide/svelte/icons/database';
import FlaskConical from '@lucide/svelte/icons/flask-conical';
import Folder from '@lucide/svelte/icons/folder';
import Globe from '@lucide/svelte/icons/globe';
import House from '@lucide/svelte/icons/house';
import MapPin from '@lucide/svelte/icons/map-pin';
import Rocket from '@lucide/svelte/icons/rocket';
import Server from '@lucide/svelte/icons/server';
import Shield from '@lucide/svelte/icons/shield';
import Star from '@lucide/svelte/icons/star';
import type { GroupColour } from '../generated/graphql.ts';

/** Icons that are offered; the API takes any name, and one that is not known here is shown as a folder. */
export const groupIcons = {
  folder: Folder,
  server: Server,
  database: Database,
  globe: Globe,
  cloud: Cloud,
  'building-2': Building2,
  house: House,
  'map-pin': MapPin,
  box: Box,
  'code-xml': CodeXml,
  'flask-conical': FlaskConical,
  rocket: Rocket,
  shield: Shield,
  star: Star,
} as const;

export type GroupIcon = keyof typeof groupIcons;

export const groupIconNames = Object.keys(groupIcons).filter(isGroupIcon);

function isGroupIcon(name: string): name is GroupIcon {
  return Object.hasOwn(groupIcons, name);
}

export function groupIcon(name: string): GroupIcon {
  return isGroupIcon(name) ? name : 'folder';
}

export const groupColours = [
  'GREY',
  'RED',
  'ORANGE',
  'YELLOW',
  'GREEN',
  'TEAL',
  'BLUE',
  'INDIGO',
  'PURPLE',
  'PINK',
] as const satisfies readonly GroupColour[];

/** The colour as it is defined for the theme on show. */
export function groupColour(colour: GroupColour): string {
  return `var(--group-${colour.toLowerCase()})`;
}
