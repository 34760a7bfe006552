import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gql, openRig, type Rig } from './rig.ts';
import { eventually } from '../../testing/events.ts';
import { connectStranger, registerStranger, type Identity } from './stranger.ts';

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

  it('has its key replaced, and follows the control plane through two changes of its own', async () => {
    const { serverId, token } = await rig.invite();
    const identity: Identity = await registerStranger(rig.url, token);
    const registered = identity.key;
    const call = (): void => {
      const socket = connectStranger(rig.url, identity, () => ({ ping: 1 }));
      // What an agent does that is let go.
      socket.once('close', (code) => code === 4412 && call());
    };
    call();
    await rig.until('its link', () => rig.agents.links.get(serverId) !== undefined);
    await rig.agents.rotations.rotate(serverId, { kind: 'system', label: 'test' });
    await eventually(() => identity.next === undefined, 'the stranger to give up its old key');
    expect(identity.key).not.toBe(registered);

    const { current } = rig.keys;
    for (const _change of [1, 2]) rig.keys.rotate();
    rig.agents.refreshAll('new keys');
    await eventually(() => identity.pinned.current === rig.keys.set.current, 'the new keys');
    await eventually(
      () => rig.link(serverId).run(Ping, {}, { actor: 'test', scopes: [] }),
      'an operation signed by the new key',
    );
    expect(rig.keys.current.id).not.toBe(current.id);
  });
});
