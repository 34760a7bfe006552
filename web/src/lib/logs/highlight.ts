import type { Span } from './ansi.ts';

export interface Piece extends Span {
  readonly hit: boolean;
}

/** Cuts spans where matches begin and end, so that a hit can be marked without losing its colours. */
export function highlight(
  spans: readonly Span[],
  ranges: readonly (readonly [number, number])[],
): readonly Piece[] {
  if (ranges.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const pieces: Piece[] = [];
  let offset = 0;
  for (const span of spans) {
    const end = offset + span.text.length;
    let at = offset;
    for (const [from, to] of ranges) {
      if (to <= at || from >= end) continue;
      if (from > at) pieces.push({ ...span, text: span.text.slice(at - offset, from - offset), hit: false });
      const until = Math.min(to, end);
      pieces.push({ ...span, text: span.text.slice(Math.max(from, at) - offset, until - offset), hit: true });
      at = until;
    }
    if (at < end) pieces.push({ ...span, text: span.text.slice(at - offset), hit: false });
    offset = end;
  }
  return pieces;
}
