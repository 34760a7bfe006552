import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fromBase64Url, signingKeyFromSeed, toBase64Url, type SigningKey } from '@serverkit/wire/bytes.ts';
import { makeLinkInit, verifyLinkInit } from '@serverkit/wire/handshake.ts';
import type { KeyringStep } from '../../agent/src/identity/keyring.ts';
import { restoreIdentity } from '../../api/src/secrets/identity-keys.ts';
import { eventually } from '../../testing/events.ts';
import { joinFromDisk, type DiskAgent } from './disk-agent.ts';
import { gql, openRig, type Rig } from './rig.ts';

const Ping = gql<{ ping: number }>('query Ping { ping }');

describe('a change of the control plane’s keys', () => {
  let rig: Rig;
  let agent: DiskAgent;
  let happens: ((step: KeyringStep) => void) | undefined;
  beforeAll(async () => {
    rig = await openRig({ pace: { aliveWithinMs: 300, comebackMs: 500 } });
  });
  beforeEach(async () => {
    happens = undefined;
    agent = await joinFromDisk(rig, { onStep: (step) => happens?.(step) });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const identityFile = (): string => join(rig.dataDirectory, 'keys', 'identity.json');
  const recoveryFile = (): string => join(rig.dataDirectory, 'keys', 'identity-recovery.key');
  const recoveryKey = (): SigningKey =>
    signingKeyFromSeed(fromBase64Url(readFileSync(recoveryFile(), 'utf8').trim(), 32) ?? Buffer.alloc(0));

  function change(): void {
    rig.keys.rotate();
    rig.agents.refreshAll('The control plane has new keys');
  }

  async function leave(): Promise<void> {
    agent.running.link.stop();
    await agent.running.link.ended;
    await rig.until('the agent to leave', () => rig.agents.links.get(agent.serverId) === undefined);
  }

  /** Whether the agent, as its disk is now, would take an operation on a link that this key opens. */
  function believes(key: SigningKey): boolean {
    const { agentId, serverId, controlKeys } = agent.keyring.identity;
    const nonce = toBase64Url(Buffer.alloc(32, 7));
    const own = { agentKey: agent.keyOnDisk().publicRaw, agentId, serverId, agentNonce: nonce };
    const init = makeLinkInit(key, { ...own, contract: '1.1', challenge: nonce, scopes: [] });
    return verifyLinkInit(init, own, controlKeys) !== null;
  }

  /** The agent is online, takes what the current key signs, and has on its disk what we would tell it. */
  async function follows(): Promise<void> {
    await eventually(async () => {
      const link = rig.agents.links.get(agent.serverId);
      await link?.run(Ping, {}, { actor: 'test', scopes: [], timeoutMs: 1_000 });
      const { generation, serial } = rig.keys.set;
      const { keySet } = agent.keyring.identity;
      return link !== undefined && keySet?.generation === generation && keySet.serial === serial;
    }, 'the agent to follow');
    await expect(rig.servers.get(agent.serverId)).resolves.toMatchObject({
      keySet: `${rig.keys.set.generation}.${rig.keys.set.serial}`,
    });
    expect(believes(rig.keys.current)).toBe(true);
  }

  it('reaches an agent that is online, which then believes the one before no more', async () => {
    const { current, next } = rig.keys;
    change();
    await follows();
    expect(rig.keys.current.id).toBe(next.id);
    expect(believes(current)).toBe(false);
  });

  it.each([1, 2, 4])('is followed by an agent that was away for %i of them', async (changes) => {
    await leave();
    const { current } = rig.keys;
    for (let n = 0; n < changes; n += 1) change();
    await agent.start();
    await follows();
    expect(believes(current)).toBe(false);
  });

  it('holds when the control plane is killed right after it', async () => {
    const { next } = rig.keys;
    rig.keys.rotate();
    await rig.crash();
    expect(rig.keys.current.id).toBe(next.id);
    await follows();
  });

  it.each(['before learn', 'after learn'] as const)('is followed by an agent killed %s', async (at) => {
    const killed = Promise.withResolvers<void>();
    happens = (step) => {
      if (step !== at) return;
      happens = undefined;
      agent.kill();
      killed.resolve();
    };
    change();
    await killed.promise;
    await agent.start();
    await follows();
  });

  it('is believed for the moment by an agent whose disk is full, and kept when there is room', async () => {
    let refusals = 0;
    happens = (step) => {
      if (step !== 'before learn') return;
      refusals += 1;
      throw new Error('ENOSPC: no space left on device');
    };
    change();
    await eventually(() => refusals > 0, 'the agent to try');
    await eventually(
      () => rig.link(agent.serverId).run(Ping, {}, { actor: 'test', scopes: [] }),
      'an operation under the new key',
    );
    happens = undefined;
    rig.link(agent.serverId).close(4412, 'come back');
    await follows();
  });

  it('that a backup undid is not held against the control plane', async () => {
    const kept = join(rig.dataDirectory, 'backup.json');
    copyFileSync(identityFile(), kept);
    change();
    await follows();
    const { current } = rig.keys;
    copyFileSync(kept, identityFile());
    await rig.crash();
    // Signed with what is its next key, for the agent knows it as the current one.
    await eventually(
      () => rig.link(agent.serverId).run(Ping, {}, { actor: 'test', scopes: [] }),
      'the agent on a control plane that was put back',
    );
    expect(rig.keys.next.id).toBe(current.id);
    while (Date.now() <= (agent.keyring.identity.keySet?.serial ?? 0)) await new Promise(setImmediate);
    change();
    await follows();
  });

  describe('made with the recovery key', () => {
    it('wins back the agents, online or away, and shuts out who stole the others', async () => {
      const stolen = rig.keys;
      const [current, next] = [stolen.current, stolen.next];
      const away = await joinFromDisk(rig);
      away.kill();
      restoreIdentity(rig.dataDirectory, recoveryKey());
      await rig.crash();
      await follows();
      expect([believes(current), believes(next)]).toEqual([false, false]);
      expect(rig.keys.set.generation).toBeGreaterThan(0);
      await away.start();
      agent = away;
      await follows();
      // Life goes on as before.
      change();
      await follows();
    });

    it('works with nothing else left', async () => {
      const paper = recoveryKey();
      rmSync(join(rig.dataDirectory, 'keys', 'identity.json'));
      rmSync(recoveryFile());
      restoreIdentity(rig.dataDirectory, paper);
      await rig.crash();
      await follows();
    });

    it('is made by nobody else', async () => {
      const { current, next } = rig.keys;
      expect(() => restoreIdentity(rig.dataDirectory, current)).toThrow(/not the recovery key/);
      expect(() => restoreIdentity(rig.dataDirectory, next)).toThrow(/not the recovery key/);
      await follows();
    });
  });
});
