import { expect, test } from 'vitest';
import { isFullId, resolve } from './reference.ts';

const web = { id: `aaaaaaaaaaaa${'1'.repeat(52)}`, name: 'web' };
const twin = { id: `aaaaaaaaaaaa${'2'.repeat(52)}`, name: 'twin' };
const db = { id: `bbbbbbbbbbbb${'1'.repeat(52)}`, name: 'db' };
/** Named so that it draws what is meant for db. */
const impostor = { id: `cccccccccccc${'1'.repeat(52)}`, name: 'bbbbbbbbbbbb' };

test('a full id, a name or enough of an id', () => {
  expect(resolve(web.id, [web, twin, db])).toBe(web);
  expect(resolve('db', [web, twin, db])).toBe(db);
  expect(resolve('/db', [web, twin, db])).toBe(db);
  expect(resolve('bbbbbbbbbbbb', [web, twin, db])).toBe(db);
});

test('nothing that is meant for one reaches another', () => {
  expect(() => resolve('aaaaaaaaaaaa', [web, twin])).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  expect(() => resolve('bbbbbbbbbbbb', [db, impostor])).toThrow(
    expect.objectContaining({ code: 'CONFLICT' }),
  );
  expect(resolve(db.id, [impostor, db])).toBe(db);
});

test.each(['', 'b', 'bbbbbbbbbbb', 'we', '../images/json', 'web?x=1', 'WEB'])(
  '%j names nothing',
  (reference) => {
    expect(() => resolve(reference, [web, db])).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  },
);

test('knows a full id', () => {
  expect(isFullId(web.id)).toBe(true);
  expect(isFullId(web.id.toUpperCase())).toBe(false);
  expect(isFullId('web')).toBe(false);
});
