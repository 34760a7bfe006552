const powers = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 } as const;

/**
 * A size as Docker writes it: 512m, 1.5GiB, 1024. Units are powers of 1024 (docker/go-units, RAMInBytes).
 *
 * @returns bytes; null for what is no size
 */
export function bytesOf(text: string): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([bkmgtp])?(?:i?b)?\s*$/i.exec(text);
  if (!found?.[1]) return null;
  const power = Object.entries(powers).find(([unit]) => unit === (found[2] ?? 'b').toLowerCase())?.[1] ?? 0;
  const bytes = Math.floor(Number(found[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** As short as it can be said without losing a byte: 512m, 1g, 1000. */
export function bytesText(bytes: number): string {
  const unit = (['t', 'g', 'm', 'k'] as const).find((one) => bytes > 0 && bytes % 1024 ** powers[one] === 0);
  return unit ? `${bytes / 1024 ** powers[unit]}${unit}` : String(bytes);
}

const units = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof units;
const isUnit = (unit: string | undefined): unit is Unit => unit !== undefined && unit in units;

/**
 * A duration as Go writes it: 1m30s, 500ms.
 *
 * @returns whole ms; null for what is none
 */
export function durationOf(text: string): number | null {
  const whole = text.trim();
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(whole)) return null;
  let ms = 0;
  for (const [, amount, unit] of whole.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    if (isUnit(unit)) ms += Number(amount) * units[unit];
  return Math.round(ms);
}

/** As {@link durationOf} reads it: 1m30s. */
export function durationText(ms: number): string {
  if (ms % 1_000 !== 0) return `${ms}ms`;
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor(ms / 60_000) % 60, 'm'],
    [(ms / 1_000) % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([amount]) => amount > 0)
      .map(([amount, unit]) => `${amount}${unit}`)
      .join('') || '0s'
  );
}

/** A number without a unit. @returns null for what is none */
export function numberOf(text: string): number | null {
  const trimmed = text.trim();
  return /^-?(\d+(\.\d*)?|\.\d+)$/.test(trimmed) ? Number(trimmed) : null;
}
