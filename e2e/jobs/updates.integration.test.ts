import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../agent/src/images/testing.ts';
import { container, docker, uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { registry, type Registry } from '../../testing/registry.ts';
import { jobRig, type JobRig } from './rig.ts';

const idle = 'CMD ["sh", "-c", "trap \\"exit 0\\" TERM INT; sleep infinity & wait"]';
/** One release that is out, one that does not stay up, and one that does. */
const releases = [
  ['1', [idle, 'LABEL release=1']],
  ['broken', ['CMD ["false"]']],
  ['mended', [idle, 'LABEL release=3']],
] as const;

const everyDay = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', timeZone: 'Europe/Paris' };

interface PolicyData {
  readonly id: string;
  readonly containerId: string | null;
  readonly hold: string | null;
  readonly checkedAt: string | null;
  readonly problem: { readonly message: string } | null;
  readonly newer: readonly { readonly reference: string; readonly digest: string }[];
  readonly attempt: { readonly state: string; readonly reason: string | null; readonly jobId: string } | null;
}
const policyFields = `id containerId hold checkedAt problem { message } newer { reference digest }
  attempt { state reason jobId }`;

describeWith(['docker', 'registry'], 'an update policy', () => {
  let rig: JobRig;
  let hub: Registry;
  const repository = uniqueName('team/updates');
  let reference = '';
  beforeAll(async () => {
    [rig, hub] = await Promise.all([jobRig(), registry()]);
    await rig.startAgent();
    for (const [tag, instructions] of releases) {
      await using made = await image(instructions);
      await hub.push(made.tag, `${repository}:${tag}`);
    }
    reference = `${hub.address}/${repository}:1`;
    await docker('pull', '--quiet', reference);
  });
  afterAll(async () => {
    const ids = await docker('images', '--quiet', '--no-trunc', `${hub.address}/${repository}`);
    for (const id of new Set(ids.split('\n').filter(Boolean))) await docker('rmi', '--force', id);
    await rig[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  const policies = async (): Promise<PolicyData[]> =>
    (await rig.admin.query<{ updatePolicies: PolicyData[] }>(`{ updatePolicies { ${policyFields} } }`))
      .updatePolicies;
  const until = (what: string, fits: (policy: PolicyData) => boolean) =>
    eventually(async () => (await policies()).find(fits), what);
  const set = async (input: object): Promise<PolicyData> =>
    (
      await rig.admin.query<{ setUpdatePolicy: { policy: PolicyData } }>(
        `mutation ($input: SetUpdatePolicyInput!) { setUpdatePolicy(input: $input) { policy { ${policyFields} } } }`,
        { input: { serverId: rig.serverId, window: everyDay, healthTimeoutSeconds: 30, ...input } },
      )
    ).setUpdatePolicy.policy;
  const check = async (policyId: string): Promise<PolicyData> =>
    (
      await rig.admin.query<{ checkForUpdates: { policy: PolicyData } }>(
        `mutation ($input: CheckForUpdatesInput!) { checkForUpdates(input: $input) { policy { ${policyFields} } } }`,
        { input: { serverId: rig.serverId, policyId } },
      )
    ).checkForUpdates.policy;
  const events = (action: string) =>
    rig.rows<{ actorLabel: string; outcome: string; parameters: { policyId?: string } }>(
      `SELECT "actorLabel", outcome, parameters FROM "AuditEvent" WHERE action = $1 ORDER BY id`,
      [action],
    );
  const inspect = async (name: string, format: string): Promise<string> =>
    (await docker('inspect', '--format', format, name)).trim();
  const release = (name: string) => inspect(name, '{{index .Config.Labels "release"}}');

  test('tells of a newer image, puts the old one back when that fails, and follows the container to one that runs', async () => {
    const name = uniqueName();
    // What the policy puts in its place goes by its name.
    await using undo = new AsyncDisposableStack();
    undo.defer(async () => void (await docker('rm', '--force', name)));
    await using first = await container({ name, image: reference, command: [] });

    const { id } = await set({ containerId: name, mode: 'NOTIFY' });
    await until('the first look', ({ checkedAt }) => checkedAt !== null);
    expect(await check(id)).toMatchObject({ newer: [], problem: null, containerId: first.id });

    await hub.retag(repository, 'broken', '1');
    const told = await check(id);
    expect(told.newer).toEqual([
      { reference, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown },
    ]);
    await check(id);
    expect(await events('updatePolicy.notice')).toMatchObject([{ parameters: { policyId: id } }]);
    expect(await inspect(name, '{{.Id}}')).toBe(first.id);

    await set({ containerId: name, mode: 'APPLY' });
    const failed = await until('the update to fail', ({ attempt }) => attempt?.state === 'FAILED');
    expect(failed.attempt?.reason).toContain('it ended with exit code 1');
    expect(await inspect(name, '{{.Id}} {{.State.Running}}')).toBe(`${first.id} true`);
    expect(await events('container.recreate')).toMatchObject([
      {
        actorLabel: expect.stringContaining('update policy of ') as unknown,
        outcome: 'failed',
        parameters: { policyId: id },
      },
    ]);

    // The name stands for the broken one here by now, and still counts what runs.
    expect((await check(id)).newer).toEqual(told.newer);
    await set({ containerId: name, mode: 'APPLY' });
    await until('it to be left alone', ({ hold }) => hold === 'FAILED');
    expect(await events('container.recreate')).toHaveLength(1);

    await hub.retag(repository, 'mended', '1');
    expect((await check(id)).newer).not.toEqual(told.newer);
    await set({ containerId: name, mode: 'APPLY' });
    const done = await until('the update', ({ attempt }) => attempt?.state === 'SUCCEEDED');
    expect(done).toMatchObject({ newer: [], hold: null, containerId: await inspect(name, '{{.Id}}') });
    expect(await release(name)).toBe('3');
    expect(await check(id)).toMatchObject({ newer: [], problem: null });
  });
});
