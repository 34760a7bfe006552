import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accessWorld, codeOf } from '../access/testing.ts';
import type { AgentLink } from '../agents/link.ts';
import { TestLink, TestRing } from '../metrics/testing.ts';

const { api, boss, addServer } = await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

let serverId = '';
beforeAll(async () => {
  serverId = await addServer('shop');
  await api.platform.db.prisma.server.update({ where: { id: serverId }, data: { connection: 'OFFLINE' } });
});

/** An agent that answers everything with this. */
function answering(data: object): AgentLink {
  const text = JSON.stringify(data);
  const run = () => Promise.resolve(JSON.parse(text));
  return Object.assign(new TestLink({ id: serverId, number: 1 }, new TestRing()), { run });
}

test('a list of the fleet names the servers that did not answer', async () => {
  const { stacks } = await boss.client.query<{ stacks: object }>(
    '{ stacks { totalCount unanswered { serverId code } } }',
  );
  expect(stacks).toEqual({ totalCount: 0, unanswered: [{ serverId, code: 'AGENT_OFFLINE' }] });
});

describe("a stack's files, which may hold secrets", () => {
  const source = 'query ($id: ID!) { server(id: $id) { stackSource(name: "shop") { files { env } } } }';

  test('are told over HTTP only', async () => {
    await using socket = boss.client.subscribe<object>(source, { id: serverId });
    await expect(socket.next()).rejects.toThrow('HTTP');
    expect(codeOf(await boss.client.answer(source, { id: serverId }))).toBe('AGENT_OFFLINE');
  });

  test('are on record each time that they are told, with who read them and without what they say', async () => {
    const files = { compose: 'services: {}', env: 'KEY=hunter2hunter2' };
    const links = vi.spyOn(api.services.agents.links, 'require');
    links.mockReturnValue(answering({ stackSource: { file: 'compose.yaml', folder: '/srv/shop', files } }));
    expect(await boss.client.query(source, { id: serverId })).toMatchObject({
      server: { stackSource: { files: { env: files.env } } },
    });
    links.mockReturnValue(answering({ stackFiles: files }));
    const reader = { actor: { kind: 'system', label: 'a test' }, asker: 'system' } as const;
    await api.services.stacks.files({ serverId, name: 'shop', version: 3 }, reader);
    const events = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'stack.read-files', serverId },
      select: { targetId: true, actorId: true, parameters: true },
      orderBy: { id: 'asc' },
    });
    expect(events).toEqual([
      { targetId: 'shop', actorId: boss.userId, parameters: { folder: '/srv/shop' } },
      { targetId: 'shop', actorId: null, parameters: { version: 3 } },
    ]);
  });
});

describe('a server that asks for secrets that nobody gave to a stack of it', () => {
  const file = 'services:\n  web:\n    image: app\n    environment:\n      PASSWORD: ${secret:own}\n';
  const asks = (needed: readonly string[], before: readonly string[]) =>
    vi
      .spyOn(api.services.agents.links, 'require')
      .mockReturnValue(answering({ stackSecrets: { needed, before } }));
  const wanted = (name: string, compose?: string) =>
    api.services.stacks.secretsOf(
      serverId,
      { name, ...(compose !== undefined && { files: { compose, env: '' } }) },
      'system',
    );

  test('is handed those that the files name, and with them what the stack had before', async () => {
    await api.platform.db.prisma.stackSecret.createMany({
      data: ['own', 'old'].map((name) => ({ serverId, stack: 'shop', name })),
    });
    asks(['own', 'theirs'], ['old', 'theirs']);
    expect(await wanted('shop', file)).toEqual({ needed: ['own'], before: ['old'] });
    // Of another stack there is none of it.
    expect(await wanted('other', file)).toEqual({ needed: ['own'], before: [] });
    expect(await wanted('shop', 'services: {}')).toEqual({ needed: [], before: ['old'] });
  });

  test('is refused where a version has them, in words that say what to do', async () => {
    asks(['own', 'theirs'], []);
    await expect(wanted('shop')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('"theirs", which it was never given for shop'),
    });
    asks(['own'], ['own']);
    expect(await wanted('shop')).toEqual({ needed: ['own'], before: ['own'] });
  });

  test('is remembered what was handed to it for a stack', async () => {
    const value = 'hunter2-of-the-shop';
    await boss.client.query(
      'mutation ($input: CreateSecretInput!) { createSecret(input: $input) { secret { id } } }',
      { input: { name: 'fresh', value, places: { everywhere: true } } },
    );
    const actor = { kind: 'system', label: 'a test' } as const;
    const hand = { serverId, actor, purpose: 'stack.deploy' } as const;
    await api.services.secrets.values(['fresh'], { ...hand, stack: 'new' });
    asks([], ['fresh']);
    expect(await wanted('new', file)).toMatchObject({ before: ['fresh'] });
    // For a container that is none of the stack's it does not count.
    await api.services.secrets.values(['fresh'], hand);
    expect(await wanted('shop', file)).toMatchObject({ before: [] });
  });
});
