import { expect, test } from 'vitest';
import { schema } from '../../api/src/schema.ts';
import { comparisons, notDockers } from './comparisons/all.ts';
import { dockerFields } from './docker-fields.ts';

const all = dockerFields(schema);
const covered = new Set(comparisons.flatMap(({ covers }) => covers));

test('every field of Docker is held against the docker command, or is said not to be its matter', () => {
  expect(all.filter((field) => !covered.has(field) && !(field in notDockers))).toEqual([]);
});

test('no field is named that does not exist, or is both', () => {
  const named = [...covered, ...Object.keys(notDockers)];
  expect(named.filter((field) => !all.includes(field))).toEqual([]);
  expect(Object.keys(notDockers).filter((field) => covered.has(field))).toEqual([]);
});
