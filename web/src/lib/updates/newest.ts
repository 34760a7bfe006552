import type { UpdatePolicy } from './policies.svelte.ts';

/** Something that there is a newer image for, and its page. */
export interface Newest {
  readonly policy: UpdatePolicy;
  readonly href: string;
}

/**
 * What there is a newer image for, what was found last first. An update that goes on or failed is told elsewhere, as work
 * and as a problem.
 */
export function newest(policies: readonly UpdatePolicy[]): Newest[] {
  return policies
    .filter(({ mode, newer, attempt, noticedAt }) => {
      if (mode === 'OFF' || newer.length === 0 || attempt?.state === 'BEGUN') return false;
      return attempt?.state !== 'FAILED' || (noticedAt ?? '') > attempt.at;
    })
    .toSorted((a, b) => (b.noticedAt ?? '').localeCompare(a.noticedAt ?? '') || a.name.localeCompare(b.name))
    .flatMap((policy) => {
      const { kind, serverId, containerId, name } = policy;
      if (kind === 'STACK') return [{ policy, href: `/servers/${serverId}/stacks/${name}` }];
      return containerId ? [{ policy, href: `/servers/${serverId}/containers/${containerId}` }] : [];
    });
}
