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
