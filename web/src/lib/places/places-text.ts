import { t } from '../i18n.svelte.ts';
import type { BoundPlaces, Places } from './places.ts';

/** How many they are: "2 groups, 1 server"; empty for none. */
export function placesText({ serverIds, groupIds }: Places): string {
  return [
    ...(groupIds.length > 0 ? [t().tokens.someGroups(groupIds.length)] : []),
    ...(serverIds.length > 0 ? [t().tokens.someServers(serverIds.length)] : []),
  ].join(', ');
}

/** Where something goes, as far as it is seen by who looks. */
export function boundText({ everywhere, ...places }: BoundPlaces): string {
  return everywhere ? t().tokens.everywhere : placesText(places) || t().places.nowhere;
}
