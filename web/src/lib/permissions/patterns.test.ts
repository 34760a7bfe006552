import { describe, expect, test } from 'vitest';
import { grantsScope, groupScopes } from './patterns.ts';

const read = { name: 'docker:containers:read', dangerous: false };
const exec = { name: 'docker:containers:exec', dangerous: true };

describe('a pattern grants', () => {
  test('its own name, dangerous or not', () => {
    expect(grantsScope([read.name], read)).toBe(true);
    expect(grantsScope([exec.name], exec)).toBe(true);
    expect(grantsScope([read.name], exec)).toBe(false);
  });

  test('what is below it, but nothing dangerous', () => {
    expect(grantsScope(['docker:*'], read)).toBe(true);
    expect(grantsScope(['docker:*'], exec)).toBe(false);
    expect(grantsScope(['docker:images:*'], read)).toBe(false);
    expect(grantsScope(['dock*'], read)).toBe(false);
  });

  test('everything, when it is the star alone', () => {
    expect([read, exec].every((scope) => grantsScope(['*'], scope))).toBe(true);
  });
});

test('scopes are grouped by their first word', () => {
  const files = { name: 'files:read', dangerous: false };
  expect(groupScopes([read, files, exec])).toEqual([
    ['docker', [read, exec]],
    ['files', [files]],
  ]);
});
