import { expect, test, vi } from 'vitest';
import { noScopes } from '../access/scope-set.ts';
import { testApi } from '../graphql/testing.ts';
import { newId } from '../ids.ts';
import { addServer, TestLink, TestRing, type TestServer } from '../metrics/testing.ts';

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
