import { expect, test, vi } from 'vitest';
import { noScopes } from '../access/scope-set.ts';
import { testApi } from '../graphql/testing.ts';
import { newId } from '../ids.ts';
import { eventually } from '../../../testing/events.ts';
import { quiet } from '../database/testing.ts';
import { addServer, TestAgents, TestLink, TestRing, type TestServer } from '../metrics/testing.ts';
import { TerminalRecords } from './records.ts';

/** An agent that says of terminals what it likes. */
class Teller extends TestLink {
  terminals: object[] = [];

  constructor(server: TestServer) {
    super(server, new TestRing());
  }

  override run(): Promise<never> {
    return Promise.resolve<never>(JSON.parse(JSON.stringify({ terminals: this.terminals })));
  }
}

test('a server that calls a terminal by the name of one of another server is not believed', async () => {
  await using api = await testApi();
  const { terminals, agents } = api.services;
  const { db } = api.platform;
  const [victim, liar] = [await addServer(db), await addServer(db)];
  const [theirs, own] = [newId('terminal'), newId('terminal')];
  const row = { serverId: victim.id, actor: { kind: 'system', label: 'test' }, target: { kind: 'server' } };
  await db.prisma.openTerminal.create({ data: { id: theirs, ...row } });
  const link = new Teller(liar);
  vi.spyOn(agents.links, 'require').mockReturnValue(link);
  link.terminals = [
    { id: theirs, actor: 'usr_mallory', privileged: false, containerId: 'box' },
    { id: own, actor: 'usr_mallory', privileged: false, containerId: 'box' },
  ];
  const ids = async (): Promise<string[]> => (await terminals.list('container', liar.id)).map(({ id }) => id);
  expect(await ids()).toEqual([own]);
  // Nobody is taken for somebody who opened it, and looks at it without being on record.
  const target = { place: 'container', serverId: liar.id, terminalId: theirs } as const;
  const actor = { kind: 'user', id: 'usr_mallory', label: 'mallory@example.com', address: '::1' } as const;
  const asker = { actor, held: noScopes, signal: new AbortController().signal };
  await expect(terminals.enter(target, asker)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a server that tells of ends without end is not listened to, and what it told before is on record', async () => {
  await using api = await testApi();
  const { db } = api.platform;
  const server = await addServer(db);
  const own = newId('terminal');
  const agents = new TestAgents();
  const held = Promise.withResolvers<void>();
  const told: string[] = [];
  const onEnd = async (_server: string, terminalId: string): Promise<void> => {
    told.push(terminalId);
    await held.promise;
  };
  const records = new TerminalRecords({ db, audit: api.services.audit, agents, log: quiet, onEnd });
  const link = agents.up(new TestLink(server, new TestRing()));
  const opening = {
    id: own,
    serverId: server.id,
    actor: { kind: 'system', label: 'test' },
    target: { kind: 'server', id: server.id },
  } as const;
  await records.opening(opening, () => Promise.resolve());
  expect(link.running).toEqual(['TerminalNews']);

  const news = (ids: readonly string[], open: readonly string[] | null = null): void => {
    const ended = ids.map((id) => ({ id, reason: 'EXITED', exitCode: 0, openedAt: 1, endedAt: 2 }));
    link.emit('TerminalNews', { news: { open, ended } });
  };
  const invented = (count: number): string[] => Array.from({ length: count }, () => newId('terminal'));
  const refused = expect.objectContaining({ code: 'AGENT_PROTOCOL_ERROR' });
  // Too much at once, in either list, or in a name.
  expect(() => news(invented(257))).toThrow(refused);
  expect(() => news([], invented(257))).toThrow(refused);
  expect(() => news(['x'.repeat(65)])).toThrow(refused);

  // The database is busy with the first; the others wait, up to a number.
  news([own]);
  await eventually(() => told.length > 0, 'the first to be looked at');
  const waiting = [255, 256, 256, 256].map(invented);
  for (const ids of waiting) news(ids);
  expect(() => news(invented(1))).toThrow(refused);
  expect(() => news([])).toThrow(refused);

  held.resolve();
  await eventually(() => told.length === 1_024, 'those that waited to be looked at');
  expect(told).toEqual([own, ...waiting.flat()]);
  expect(await db.prisma.auditEvent.count({ where: { serverId: server.id, action: 'terminal.end' } })).toBe(
    1,
  );
  // There is room again.
  await eventually(() => {
    news([]);
    return true;
  }, 'the next to be heard');
});
