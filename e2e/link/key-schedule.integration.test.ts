import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import { Keys } from '../../api/src/keys/service.ts';
import { quiet } from '../../api/src/database/testing.ts';
import { eventually } from '../../testing/events.ts';
import { joinFromDisk, type DiskAgent } from './disk-agent.ts';
import { openRig, type Rig } from './rig.ts';

const system = { kind: 'system', label: 'test' } as const;
const dayMs = 24 * 60 * 60 * 1000;

describe('keys of agents that grow old', () => {
  let rig: Rig;
  let keys: Keys;
  beforeAll(async () => {
    rig = await openRig({ pace: { rotationWaitMs: 5_000 } });
    keys = new Keys({ db: rig.db, log: quiet, audit: rig.audit, keys: rig.keys, agents: rig.agents });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** Makes the key of an agent as old as that. */
  const age = ({ serverId: id }: DiskAgent, days: number) =>
    rig.db.prisma.server.update({ where: { id }, data: { agentKeyAt: new Date(Date.now() - days * dayMs) } });
  const chainOf = ({ keyring }: DiskAgent): number => keyring.identity.chain?.length ?? 0;

  it('are replaced a few at a time, each once, and only where the agent is online', async () => {
    const agents: DiskAgent[] = [];
    for (let n = 0; n < 5; n += 1) agents.push(await joinFromDisk(rig));
    const [away, ...online] = agents;
    if (!away) throw new Error('five agents');
    away.running.link.stop();
    await rig.until('one to leave', () => rig.agents.links.get(away.serverId) === undefined);

    for (const agent of agents) await age(agent, 80);
    await keys.tick();
    expect(agents.map(chainOf)).toEqual([0, 0, 0, 0, 0]);

    for (const agent of agents) await age(agent, 100);
    await keys.tick();
    await eventually(() => online.filter((agent) => chainOf(agent) === 1).length === 3, 'the first three');
    await keys.tick();
    await eventually(() => online.every((agent) => chainOf(agent) === 1), 'the fourth');
    expect(chainOf(away)).toBe(0);

    // The one that was away has its turn when it is back.
    await away.start();
    await rig.until('it to be back', () => rig.agents.links.get(away.serverId) !== undefined);
    await keys.tick();
    await eventually(() => chainOf(away) === 1, 'the fifth');
    expect(online.map(chainOf)).toEqual([1, 1, 1, 1]);
  });

  it('stay when nobody wants them replaced', async () => {
    const agent = await joinFromDisk(rig);
    await keys.setEveryDays(0, system);
    await age(agent, 4_000);
    await keys.tick();
    expect(chainOf(agent)).toBe(0);
    await keys.setEveryDays(90, system);
  });

  it('are not asked for again and again when an agent cannot', async () => {
    let asked = 0;
    const agent = await joinFromDisk(rig, {
      onStep(step) {
        if (step !== 'before rotate') return;
        asked += 1;
        throw new Error('ENOSPC');
      },
    });
    await age(agent, 200);
    for (let n = 0; n < 3; n += 1) await keys.tick();
    await eventually(() => asked > 0, 'the first try');
    await keys.tick();
    expect(asked).toBe(1);
    expect(chainOf(agent)).toBe(0);
  });
});

describe('the identity keys of a database', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const keysWith = (own: Rig['keys']): Keys =>
    new Keys({ db: rig.db, log: quiet, audit: rig.audit, keys: own, agents: rig.agents });

  it('may go on while it is not looked at, and must not be others', async () => {
    await keysWith(rig.keys).prepare();
    rig.keys.rotate();
    rig.keys.rotate();
    await keysWith(rig.keys).prepare();
    const { set } = rig.keys;
    const foreign = { ...set, serial: set.serial + 1, current: toBase64Url(generateSigningKey().publicRaw) };
    const stranger = { ...rig.keys, history: [foreign] };
    await expect(keysWith(stranger).prepare()).rejects.toThrow(
      /are not those that the agents of this database know/,
    );
  });
});
