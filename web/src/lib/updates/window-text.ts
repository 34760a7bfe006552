import { f, t } from '../i18n.svelte.ts';
import type { UpdatePolicy } from './policies.svelte.ts';

export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;

/** Such as: Mon and Sun, 22:00–04:00, Europe/Paris. */
export function windowText({ days, from, to, timeZone }: UpdatePolicy['window']): string {
  const names = weekdays.filter((day) => days.includes(day)).map((day) => t().updates.days[day]);
  const all = names.length === weekdays.length ? t().updates.everyDay : f().list(names);
  return `${all}, ${from}–${to}, ${timeZone}`;
}
