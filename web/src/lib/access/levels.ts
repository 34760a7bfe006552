import { presets } from '../tokens/presets.ts';

/** Ready-made choices of what a grant opens, as patterns. The role stays the ceiling of each. */
export const levels = {
  role: ['*'],
  read: presets.read,
  operate: presets.operate,
} as const satisfies Record<string, readonly string[]>;

export type Level = keyof typeof levels;

export const levelNames = ['role', 'read', 'operate'] as const satisfies readonly Level[];

/** The choice that a grant was made with, as far as its scopes tell; null when they were chosen one by one. */
export function levelOf(scopes: readonly string[]): Level | null {
  if (scopes.includes('*')) return 'role';
  const given = [...new Set(['servers:read', ...scopes])].toSorted().join();
  return levelNames.find((name) => levels[name].toSorted().join() === given) ?? null;
}
