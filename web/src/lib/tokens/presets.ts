/** Ready-made choices of what a token may do, from the least on. */
export const presets = {
  watch: ['servers:read', 'system:metrics:read'],
  read: [
    'servers:read',
    'system:metrics:read',
    'docker:containers:read',
    'docker:images:read',
    'docker:compose:read',
    'docker:volumes:read',
    'docker:networks:read',
  ],
  operate: ['servers:read', 'docker:containers:read', 'docker:containers:write'],
} as const satisfies Record<string, readonly string[]>;

export type Preset = keyof typeof presets | 'custom';

export const presetNames = ['watch', 'read', 'operate', 'custom'] as const satisfies readonly Preset[];

/** Ends of validity that are offered, in days. */
export const periods = ['7', '30', '90', '365', 'never'] as const;
export type Period = (typeof periods)[number];

const dayMs = 24 * 60 * 60_000;

/** @param now - milliseconds since the epoch */
export function endOf(period: Period, now: number): Date | null {
  return period === 'never' ? null : new Date(now + Number(period) * dayMs);
}
