import { expect, test } from 'vitest';
import type { Look } from '../look.ts';
import { selectEntries, type Selection } from './select-entries.ts';

const entry = (name: string, serverId: string, users: number, createdAt: string | null = null) => ({
  key: `${serverId}/${name}`,
  serverId,
  row: { name, createdAt, users: Array.from({ length: users }, () => ({})) },
});
const all = [
  entry('web10', 'b', 1, '2026-01-03T00:00:00Z'),
  entry('web2', 'a', 0, '2026-01-02T00:00:00Z'),
  entry('étagère', 'b', 0),
];
const names = (change: Partial<Selection>): string[] =>
  selectEntries(
    all,
    { q: '', use: [], sort: 'name', server: [], ...change },
    { wordsOf: ({ name }) => (name === 'web2' ? ['nfs'] : []), serverName: (id) => `server-${id}` },
  ).map(({ row }) => row.name);

test.each<[string, Partial<Selection>, string[]]>([
  ['by name, numbers as numbers', {}, ['étagère', 'web2', 'web10']],
  ['the newest first, what has no age last', { sort: 'newest' }, ['web10', 'web2', 'étagère']],
  ['by server, then name', { sort: 'server' }, ['web2', 'étagère', 'web10']],
  ['those in use', { use: ['USED'] }, ['web10']],
  ['those not in use', { use: ['UNUSED'] }, ['étagère', 'web2']],
  ['those of a server', { server: ['a'] }, ['web2']],
  ['words without accents', { q: 'etagere' }, ['étagère']],
  ['words of what else is told', { q: 'NFS web' }, ['web2']],
  ['words of the server', { q: 'server-b web' }, ['web10']],
])('%s', (_what, change, expected) => {
  expect(names(change)).toEqual(expected);
});

test('the worst first, by name where alike; and what is of a kind', () => {
  const states: [string, Look][] = [
    ['b', 'good'],
    ['a', 'good'],
    ['c', 'critical'],
  ];
  const entries = states.map(([name, look]) => ({ key: name, serverId: 's', row: { name, look } }));
  const reading = {
    wordsOf: () => [],
    serverName: () => '',
    kindOf: ({ look }: { readonly look: Look }) => look,
  };
  const select = (change: Partial<Selection>) =>
    selectEntries(entries, { q: '', use: [], sort: 'worst', server: [], ...change }, reading).map(
      ({ key }) => key,
    );
  expect(select({})).toEqual(['c', 'a', 'b']);
  expect(select({ use: ['good'] })).toEqual(['a', 'b']);
});
