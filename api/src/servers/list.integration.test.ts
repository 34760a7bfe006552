import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expand } from '@serverkit/wire/scopes.ts';
import { limited, unlimited } from '../access/rights.ts';
import type { ScopeSet } from '../access/scope-set.ts';
import type { Database } from '../database/database.ts';
import { openReleaseDatabase, testDataDirectory } from '../database/testing.ts';
import type { PageArgs } from '../graphql/page.ts';
import { countServers, findServerIds, listServers, listTags } from './list.ts';
import type { Load, ServerFilter, ServerSort } from './list-sql.ts';

const undo = new AsyncDisposableStack();
let db: Database;
const reads: ScopeSet = new Set(expand(['servers:read']));
const all = unlimited(reads);
const byName: ServerSort = { field: 'NAME', direction: 'ASC' };

const names = ['web-10', 'web-9', 'Web-9b', 'École', 'db 2', 'db 10', 'zoo', 'ant'];
const loads: Load[] = names.map((name, index) => ({
  serverId: `srv_${name}`,
  cpuPercent: index % 3,
  memoryPercent: index,
}));

beforeAll(async () => {
  const data = undo.use(await testDataDirectory());
  db = await openReleaseDatabase(data);
  undo.defer(() => db.close());
  await db.prisma.serverGroup.createMany({
    data: [
      { id: 'grp_outer', name: 'outer', colour: 'RED', icon: 'folder' },
      { id: 'grp_inner', name: 'inner', colour: 'RED', icon: 'folder', parentId: 'grp_outer' },
    ],
  });
  await db.prisma.server.createMany({
    data: names.map((name, index) => ({
      id: `srv_${name}`,
      name,
      permissionProfile: 'custom',
      tags: index % 2 ? ['odd', `t${index}`] : ['even'],
      connection: ['online', 'offline', 'error', 'from a newer release'][index % 4] ?? '',
      maintenance: index === 0 || index === 2,
      groupId: [null, 'grp_outer', 'grp_inner'][index % 3] ?? null,
      lastSeenAt: index === 1 ? null : new Date(1_700_000_000_000 + (index % 5)),
      createdAt: new Date(1_700_000_000_000 + (index >> 1)),
      facts: { hostname: `Host${index}.example`, addresses: [`10.0.0.${index}`] },
    })),
  });
});
afterAll(() => undo.disposeAsync());

const page = (args: PageArgs, sort = byName, filter: ServerFilter = {}, rights = all) =>
  listServers(db.pool, { filter, sort, rights, loads: () => loads }, args);
const shown = ({ edges }: Awaited<ReturnType<typeof page>>) => edges.map(({ node }) => node.name);
const found = async (filter: ServerFilter, rights = all) =>
  shown(await page({ first: 100 }, byName, filter, rights)).toSorted();

describe('a list of servers', () => {
  test('is in the order in which people count, whatever the case and the accents', async () => {
    expect(shown(await page({ first: 100 }))).toEqual([
      'ant',
      'db 2',
      'db 10',
      'École',
      'web-9',
      'Web-9b',
      'web-10',
      'zoo',
    ]);
  });

  const fields = ['NAME', 'STATUS', 'CPU', 'MEMORY', 'LAST_SEEN', 'CREATED_AT'] as const;
  const orders = fields.flatMap((field) =>
    (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
  );

  test.each(orders)('by $field $direction is the same page by page, both ways', async (sort) => {
    const whole = shown(await page({ first: 100 }, sort));
    expect(whole.toSorted()).toEqual(names.toSorted());
    const onward: string[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = await page({ first: 3, after }, sort);
      onward.push(...edges.map(({ node }) => node.name));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(onward).toEqual(whole);
    const back: string[] = [];
    let before: string | null = null;
    do {
      const { edges, pageInfo } = await page({ last: 3, before }, sort);
      back.unshift(...edges.map(({ node }) => node.name));
      expect(pageInfo.hasNextPage).toBe(before !== null);
      before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
    } while (before !== null);
    expect(back).toEqual(whole);
  });

  test('has the worst first by status, and maintenance over what is offline', async () => {
    const { edges } = await page({ first: 100 }, { field: 'STATUS', direction: 'ASC' });
    expect(
      edges.map(({ node: { name, connection, maintenance } }) => [name, connection, maintenance]),
    ).toEqual([
      ['ant', 'from a newer release', false],
      ['École', 'from a newer release', false],
      ['Web-9b', 'error', true],
      ['zoo', 'error', false],
      ['db 10', 'offline', false],
      ['web-9', 'offline', false],
      ['web-10', 'online', true],
      ['db 2', 'online', false],
    ]);
  });

  test('has empty lists where none were given, as a server without tags is stored', async () => {
    await db.prisma.server.create({ data: { id: 'srv_bare', name: 'bare', permissionProfile: 'custom' } });
    const { edges } = await page({ first: 1 }, byName, { text: 'bare' });
    expect(edges[0]?.node).toMatchObject({ tags: [], scopes: [], localScopes: [] });
    await db.prisma.server.delete({ where: { id: 'srv_bare' } });
  });

  test('goes on where the last page ended, though its last row is elsewhere by now', async () => {
    const one = await page({ first: 3 });
    const [gone] = one.edges.slice(-1);
    await db.prisma.server.update({ where: { id: gone?.node.id ?? '' }, data: { name: 'aaa' } });
    const two = await page({ first: 2, after: one.pageInfo.endCursor });
    expect(shown(two)).toEqual(['École', 'web-9']);
    await db.prisma.server.update({ where: { id: gone?.node.id ?? '' }, data: { name: 'db 10' } });
  });

  test('refuses what is no cursor of this order', async () => {
    const { pageInfo } = await page({ first: 1 });
    const sort = { field: 'CPU', direction: 'ASC' } as const;
    await expect(page({ after: pageInfo.endCursor }, sort)).rejects.toThrow('not a cursor');
    for (const after of ['', 'x', 'srv_1', Buffer.from('["NAME",0,"\\u0000","a"]').toString('base64url')]) {
      await expect(page({ after })).rejects.toThrow('not a cursor');
    }
    await expect(page({ first: -1 })).rejects.toThrow('0 to');
  });
});

describe('a filter', () => {
  test('takes the words in any case, from names, tags, host names and addresses', async () => {
    expect(await found({ text: 'WEB 9b' })).toEqual(['Web-9b']);
    expect(await found({ text: 'ecole' })).toEqual(['École']);
    expect(await found({ text: 'ÉCO' })).toEqual(['École']);
    expect(await found({ text: 'host3.EXAMPLE' })).toEqual(['École']);
    expect(await found({ text: '10.0.0.7' })).toEqual(['ant']);
    expect(await found({ text: 't5' })).toEqual(['db 10']);
    for (const text of ['%', '_', '\\', "'", '"', '[', 'nothing']) expect(await found({ text })).toEqual([]);
  });

  test('takes states, tags and groups with those in them', async () => {
    expect(await found({ statuses: ['maintenance'] })).toEqual(['web-10']);
    expect(await found({ tags: ['odd', 't5'] })).toEqual(['db 10']);
    expect(await found({ groupId: 'grp_inner' })).toEqual(['Web-9b', 'db 10']);
    expect(await found({ groupId: 'grp_outer' })).toEqual(['Web-9b', 'ant', 'db 10', 'db 2', 'web-9']);
    expect(await countServers(db.pool, { groupId: 'grp_outer' }, all)).toBe(5);
  });

  test('finds nothing that is not seen', async () => {
    const rights = limited({
      anywhere: reads,
      servers: new Map([['srv_zoo', reads]]),
      now: () => rights,
    });
    expect(await found({}, rights)).toEqual(['zoo']);
    expect(await found({ groupId: 'grp_outer' }, rights)).toEqual([]);
    expect(await countServers(db.pool, {}, rights)).toBe(1);
    expect(await listTags(db.pool, rights)).toEqual(['even']);
    expect(await findServerIds(db.pool, { filter: {}, rights, limit: 10 })).toEqual(['srv_zoo']);
  });
});
