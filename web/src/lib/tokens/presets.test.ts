import { expect, test } from 'vitest';
import { expand, isScope } from '@serverkit/wire/scopes.ts';
import { endOf, presets } from './presets.ts';

test('every preset names scopes that exist, and none that amounts to root', () => {
  for (const scopes of Object.values(presets)) {
    expect(scopes.filter((scope) => !isScope(scope))).toEqual([]);
    expect(expand(['docker:*', 'system:*', 'servers:read'])).toEqual(expect.arrayContaining([...scopes]));
  }
});

test('only what is said to change something does', () => {
  expect([...presets.watch, ...presets.read].filter((scope) => !scope.endsWith(':read'))).toEqual([]);
});

test('a period ends so many days from now, or never', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  expect(endOf('7', now)?.toISOString()).toBe('2026-11-29T12:00:00.000Z');
  expect(endOf('never', now)).toBeNull();
});
