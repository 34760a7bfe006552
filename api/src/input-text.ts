import * as z from 'zod';

/** Steers a terminal, forges a line of a log, or shows text in another order than it is stored in (UTS #55). */
const unshowable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;
/** The same without line feed and tab. */
const unshowableInLines = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;

const complaint = 'must not hold control characters';

/** A name that people give: one line, trimmed, 1 to `max` characters. */
export function nameText(max: number) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .refine((text) => !unshowable.test(text), complaint);
}

/** Text of some lines, at most `max` characters, possibly none. */
export function linesText(max: number) {
  return z
    .string()
    .max(max, `must have at most ${max} characters`)
    .refine((text) => !unshowableInLines.test(text), complaint);
}

/** Words to look for: no more than anybody types, as each of them is looked for in every row. */
export const searchText = z.string().max(200, 'must have at most 200 characters');

/** A list in a filter, which is held against every row. */
export function fewOf(most: number) {
  return z
    .array(z.string().max(1_000, 'must have at most 1,000 characters each'))
    .max(most, `at most ${most}`);
}

/** What Docker takes for a container: an id, a prefix of one, or a name. */
export const containerReference = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, 'must be the id or the name of a container');
