import { describe, expect, it } from 'vitest';
import {
  agentScopes,
  controlScopes,
  dangerousScopes,
  expand,
  grants,
  intersect,
  isAgentScope,
  isScope,
  isScopePattern,
  localAgentScopes,
  permissionProfiles,
  roleScopes,
} from './scopes.ts';

describe('scopes', () => {
  it('are each in one list only', () => {
    const all = [...agentScopes, ...controlScopes];
    expect(new Set(all).size).toBe(all.length);
    for (const scope of controlScopes) expect(isAgentScope(scope)).toBe(false);
  });

  it('that are dangerous are granted by * and by their own name, by no other pattern there is', () => {
    const patterns = [...agentScopes].flatMap((scope) => {
      const parts = scope.split(':');
      return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join(':')}:*`);
    });
    for (const scope of dangerousScopes) {
      expect(grants(patterns, scope)).toBe(false);
      expect(grants(['*'], scope)).toBe(true);
      expect(grants([scope], scope)).toBe(true);
    }
  });

  it('that amount to root on the server are among the dangerous ones', () => {
    expect([...dangerousScopes]).toEqual(
      expect.arrayContaining([
        'docker:containers:exec',
        'docker:containers:privileged',
        'system:exec',
        'system:terminal',
        'system:provision',
        'system:processes:kill',
        'backups:restore',
      ]),
    );
  });

  it.each([
    ['docker:*', 'docker:containers:read', true],
    ['docker:containers:*', 'docker:containers:write', true],
    ['docker:containers:*', 'docker:images:write', false],
    ['docker:*', 'system:metrics:read', false],
    ['docker', 'docker:containers:read', false],
    ['docker:', 'docker:containers:read', false],
    ['docker*', 'docker:containers:read', false],
    ['d:*', 'docker:containers:read', false],
    [':*', 'docker:containers:read', false],
    ['*:*', 'docker:containers:read', false],
    ['', 'docker:containers:read', false],
    ['DOCKER:*', 'docker:containers:read', false],
    ['docker:containers:read:*', 'docker:containers:read', false],
  ] as const)('%s grants %s: %s', (pattern, scope, expected) => {
    expect(grants([pattern], scope)).toBe(expected);
  });

  it('tell patterns that mean something from those that do not', () => {
    for (const good of ['*', 'docker:*', 'docker:containers:*', 'docker:containers:read']) {
      expect(isScopePattern(good)).toBe(true);
    }
    for (const bad of [
      '',
      '*:*',
      'docker',
      'dock:*',
      'docker:**',
      'docker:containers:read:*',
      '__proto__',
      'toString',
    ]) {
      expect(isScopePattern(bad)).toBe(false);
      expect(isScope(bad)).toBe(false);
    }
  });

  it('of several ceilings are those that all of them grant', () => {
    expect(intersect(['docker:*'], ['*'], ['docker:containers:write', 'system:metrics:read'])).toEqual([
      'docker:containers:write',
    ]);
    expect(intersect(['*'], [])).toEqual([]);
    expect(intersect(['docker:*'], ['docker:containers:exec'])).toEqual([]);
    expect(expand(['*'])).toHaveLength(agentScopes.length + controlScopes.length);
  });

  it('of profiles and roles below full access leave out what is dangerous', () => {
    const lists = {
      ...permissionProfiles,
      local: localAgentScopes,
      operator: roleScopes.operator,
      viewer: roleScopes.viewer,
      full_access: [],
    };
    for (const patterns of Object.values(lists)) {
      for (const scope of dangerousScopes) expect(grants(patterns, scope)).toBe(false);
    }
  });

  it('of a viewer only ever read', () => {
    for (const scope of expand(roleScopes.viewer)) expect(scope).toMatch(/:read$/);
  });
});
