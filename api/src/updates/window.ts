import { Temporal } from 'temporal-polyfill';
import * as z from 'zod';

/** When something may be done: from one time of day to another, on some days, by the clocks of a time zone. */
export interface MaintenanceWindow {
  /** The days it opens on, as ISO 8601 counts them: 1 is Monday. */
  readonly days: readonly number[];
  /** 24 hours, such as 22:00. */
  readonly from: string;
  /** On the next day where it is not after `from`; the same time stands for a whole day. */
  readonly to: string;
  /** Of the IANA database, such as Europe/Paris. */
  readonly timeZone: string;
}

/** One time that a window is open. */
export interface Opening {
  readonly from: Date;
  readonly to: Date;
}

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, such as 22:00');

export const windowShape = z.object({
  days: z.array(z.number().int().min(1).max(7)).min(1, 'must name at least one day').max(7),
  from: time,
  to: time,
  timeZone: z.string().max(64).refine(isTimeZone, 'must be a time zone, such as Europe/Paris'),
}) satisfies z.ZodType<MaintenanceWindow>;

function isTimeZone(name: string): boolean {
  // An offset is one for Temporal too, and knows nothing of summer time.
  if (/^[+-]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The opening that an instant is in; undefined where it is closed. */
export function openingAt(window: MaintenanceWindow, at: Date): Opening | undefined {
  return openingsAround(window, at).find(({ from, to }) => from <= at && at < to);
}

/** The opening that an instant is in, or the next. */
export function nextOpening(window: MaintenanceWindow, at: Date): Opening | undefined {
  return openingsAround(window, at).find(({ to }) => at < to);
}

/** Of the day before, which may last into this one, to the same day of next week. */
function openingsAround(window: MaintenanceWindow, at: Date): Opening[] {
  const today = Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(window.timeZone)
    .toPlainDate();
  return Array.from({ length: 9 }, (_item, index) => today.add({ days: index - 1 }))
    .filter(({ dayOfWeek }) => window.days.includes(dayOfWeek))
    .map((day) => openingOn(day, window));
}

function openingOn(day: Temporal.PlainDate, { from, to, timeZone }: MaintenanceWindow): Opening {
  const closes = to > from ? day : day.add({ days: 1 });
  return {
    from: opens(day.toPlainDateTime(from), timeZone),
    // Of a time that is skipped, as much later as the clocks were put forward: the window keeps its length. Of one that
    // comes twice, the first.
    to: dateOf(closes.toPlainDateTime(to).toZonedDateTime(timeZone, { disambiguation: 'compatible' })),
  };
}

/** Where the clocks skip the time, the moment at which they do; where it comes twice, the first. */
function opens(local: Temporal.PlainDateTime, timeZone: string): Date {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(local)) return dateOf(earlier);
  return dateOf(earlier.getTimeZoneTransition('next') ?? earlier);
}

function dateOf({ epochMilliseconds }: Temporal.ZonedDateTime): Date {
  return new Date(epochMilliseconds);
}
