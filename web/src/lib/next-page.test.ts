import { beforeEach, expect, test, vi } from 'vitest';
import { nextPage } from './next-page.ts';

beforeEach(() => vi.stubGlobal('location', { origin: 'https://serverkit.example' }));

test('a page of ours is gone back to', () => {
  expect(nextPage('/servers/srv_1?range=24h')).toBe('/servers/srv_1?range=24h');
});

test.each([
  null,
  '',
  'servers',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
])('%j leads to the overview', (wanted) => expect(nextPage(wanted)).toBe('/'));
