import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { ScopePattern } from '@serverkit/wire/scopes.ts';
import { AgentError, systemCode } from './errors.ts';

/**
 * - `local`: the ceiling stands in this host's configuration; only somebody on the host can raise it.
 * - `managed`: the owner of the host left the ceiling to the control plane.
 */
export type PolicyMode = 'local' | 'managed';

/** Whole areas that the configuration can switch off, whatever the scopes say. */
export const features = ['docker', 'metrics', 'logs', 'shell'] as const;
export type Feature = (typeof features)[number];

export interface PolicyOptions {
  /** The local ceiling, or `managed`. */
  readonly scopes: readonly ScopePattern[] | 'managed';
  /** Absolute paths that nothing may read, write or mount, with all that is below them. */
  readonly deniedPaths: readonly string[];
  /** Absolute paths that are open, with all that is below them, though what they lie in is denied. @default none */
  readonly openPaths?: readonly string[];
  readonly disabledFeatures: ReadonlySet<Feature>;
}

/** What this host lets the control plane do: the agent's own word, checked on the agent. */
export interface Policy {
  readonly mode: PolicyMode;
  /** The local ceiling as patterns; `*` in `managed` mode. An operation also needs the server's own scopes. */
  scopes(): readonly ScopePattern[];
  readonly deniedPaths: readonly string[];
  readonly disabledFeatures: ReadonlySet<Feature>;
  /** True for a denied path, what is below it, and what contains it (mounting `/` exposes everything). */
  deniesPath(candidate: string): boolean;
  /** @throws AgentError POLICY_DENIED when the feature is switched off on this host */
  requireFeature(feature: Feature): void;
}

export function createPolicy(options: PolicyOptions): Policy {
  const deniedPaths = bothForms(options.deniedPaths);
  const openPaths = bothForms(options.openPaths ?? []);
  /** Whether it is kept from a form of the candidate by one of the paths that it lies in. */
  const covers = (denied: string, form: string): boolean =>
    contains(denied, form) &&
    !openPaths.some((open) => open !== denied && contains(denied, open) && contains(open, form));
  const scopes: readonly ScopePattern[] = options.scopes === 'managed' ? ['*'] : [...options.scopes];

  return {
    mode: options.scopes === 'managed' ? 'managed' : 'local',
    scopes: () => scopes,
    deniedPaths,
    disabledFeatures: options.disabledFeatures,
    deniesPath(candidate) {
      if (candidate.includes('\0')) return true;
      const resolved = path.resolve('/', candidate);
      const leadsTo = real(resolved);
      // Where it leads cannot be told, so it may lead there.
      if (leadsTo === undefined) return deniedPaths.length > 0;
      const forms = [resolved, leadsTo];
      return deniedPaths.some((denied) =>
        forms.some((form) => covers(denied, form) || contains(form, denied)),
      );
    },
    requireFeature(feature) {
      if (!options.disabledFeatures.has(feature)) return;
      throw new AgentError(
        'POLICY_DENIED',
        `This server's agent has ${feature} switched off in its configuration; who has root there can set features.${feature}: true and restart it.`,
      );
    },
  };
}

/** As they are written, and where they lead. */
function bothForms(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((one) => [path.resolve(one), real(one) ?? []].flat()))];
}

/** Whether this account may look where a path leads. */
export const mayLook = (candidate: string): boolean => real(candidate) !== undefined;

function contains(parent: string, child: string): boolean {
  const relative = path.relative(parent, child);
  return (
    relative === '' ||
    (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative))
  );
}

/**
 * Symbolic links resolved as far as the path exists: a link into a denied folder is denied as well.
 *
 * @returns undefined where this account may not look
 */
function real(candidate: string): string | undefined {
  const resolved = path.resolve(candidate);
  try {
    return realpathSync(resolved);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') return undefined;
    const parent = path.dirname(resolved);
    if (parent === resolved) return resolved;
    const above = real(parent);
    return above === undefined ? undefined : path.join(above, path.basename(resolved));
  }
}
