import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

const keysFields = `current { fingerprint createdAt } next { fingerprint } recovery { fingerprint }
  recoveryKeyIsHere changedAt agentsBehind`;

interface KeyView {
  readonly fingerprint: string;
}
interface KeysView {
  readonly current: KeyView;
  readonly next: KeyView;
  readonly recovery: KeyView;
  readonly recoveryKeyIsHere: boolean;
  readonly agentsBehind: number;
}

describe('keys in the public API', () => {
  let api: TestApi;
  let admin: TestPerson;
  beforeAll(async () => {
    api = await testApi();
    admin = await api.join('admin');
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const controlPlaneKeys = async (): Promise<KeysView> =>
    (await admin.client.query<{ controlPlaneKeys: KeysView }>(`{ controlPlaneKeys { ${keysFields} } }`))
      .controlPlaneKeys;
  const rotate = (leaveBehind = false) =>
    admin.client.query<{ rotateControlKey: { controlPlaneKeys: KeysView } }>(
      `mutation ($input: RotateControlKeyInput!) { rotateControlKey(input: $input) { controlPlaneKeys { ${keysFields} } } }`,
      { input: { leaveBehind } },
    );

  it('shows what agents know this control plane by, and moves it on', async () => {
    const before = await controlPlaneKeys();
    expect(before).toMatchObject({
      current: { fingerprint: api.platform.keys.current.id },
      recoveryKeyIsHere: true,
      agentsBehind: 0,
    });
    const { controlPlaneKeys: after } = (await rotate()).rotateControlKey;
    expect(after.current.fingerprint).toBe(before.next.fingerprint);
    expect(after.recovery).toEqual(before.recovery);
    await expect(controlPlaneKeys()).resolves.toEqual(after);
    await expect(
      api.platform.db.prisma.auditEvent.findMany({ where: { action: 'controlKey.rotate' } }),
    ).resolves.toMatchObject([{ actorKind: 'user', parameters: { to: after.current.fingerprint } }]);
  });

  it('leaves no agent behind that is too old to follow, unless told to', async () => {
    const { generation, serial } = api.platform.keys.set;
    const facts = {
      hostname: 'old',
      machineId: 'm',
      osName: 'Debian',
      osVersion: '12',
      kernel: '6.1',
      arch: 'x64',
      cpuModel: '',
      cpuCount: 1,
      memoryBytes: 1,
      diskBytes: 1,
      agentVersion: '0.1.0',
      contract: '1.0',
      nodeVersion: '24',
      addresses: [],
      timezone: 'UTC',
      docker: { available: false },
      runsAs: 'root',
      supervisor: 'systemd',
    };
    await api.platform.db.prisma.server.create({
      data: {
        id: 'srv_old',
        name: 'old box',
        permissionProfile: 'full_access',
        scopes: ['*'],
        agentId: 'agt_old',
        agentKey: new Uint8Array(32),
        keySet: `${generation}.${serial}`,
        facts,
      },
    });
    // It pinned the next key as well.
    await expect(rotate()).resolves.toBeDefined();
    expect((await controlPlaneKeys()).agentsBehind).toBe(1);
    await expect(rotate()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('old box'),
    });
    await expect(rotate(true)).resolves.toBeDefined();
  });

  it('says how often keys of agents are replaced, and lets that be changed', async () => {
    const schedule = async (): Promise<number> =>
      (
        await admin.client.query<{ agentKeySchedule: { everyDays: number } }>(
          '{ agentKeySchedule { everyDays } }',
        )
      ).agentKeySchedule.everyDays;
    const set = (everyDays: number) =>
      admin.client.query(
        'mutation ($input: SetAgentKeyScheduleInput!) { setAgentKeySchedule(input: $input) { schedule { everyDays } } }',
        { input: { everyDays } },
      );
    await expect(schedule()).resolves.toBe(90);
    for (const days of [30, 0]) {
      await expect(set(days)).resolves.toEqual({ setAgentKeySchedule: { schedule: { everyDays: days } } });
      await expect(schedule()).resolves.toBe(days);
    }
    for (const days of [-1, 4000]) await expect(set(days)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('replaces the key of no agent that is not there', async () => {
    const call = (serverId: string) =>
      admin.client.query(
        'mutation ($input: RotateAgentKeyInput!) { rotateAgentKey(input: $input) { server { id } } }',
        { input: { serverId } },
      );
    await expect(call('srv_old')).rejects.toMatchObject({
      code: 'AGENT_OFFLINE',
      message: expect.stringContaining('old box'),
    });
    await expect(call('srv_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
