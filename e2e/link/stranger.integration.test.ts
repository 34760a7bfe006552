import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gql, openRig, type Rig } from './rig.ts';
import { connectStranger, registerStranger } from './stranger.ts';

const Ping = gql<{ ping: number }>('query Ping { ping }');
const Mark = gql<{ mark: boolean }>('mutation Mark { mark(text: "x") }');

describe('an agent that somebody else wrote, from the protocol’s description alone', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it('registers, links, and is asked and commanded like any other', async () => {
    const { serverId, token } = await rig.invite();
    const identity = await registerStranger(rig.url, token);
    const socket = connectStranger(rig.url, identity, (query) =>
      query.includes('mark') ? { mark: true } : { ping: 42 },
    );
    await rig.until('its link', () => rig.agents.links.get(serverId) !== undefined);
    expect(rig.link(serverId).hello).toMatchObject({ version: 'stranger', machineId: 'elsewhere' });
    await expect(rig.link(serverId).run(Ping, {}, { actor: 'test', scopes: [] })).resolves.toEqual({
      ping: 42,
    });
    await expect(
      rig.agents.commands.run({
        serverId,
        action: 'test.change',
        scope: 'docker:containers:write',
        document: Mark,
        variables: {},
        actor: { kind: 'system', label: 'test' },
      }),
    ).resolves.toEqual({ mark: true });
    socket.terminate();
  });
});
