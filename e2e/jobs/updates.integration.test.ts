import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../agent/src/images/testing.ts';
import { container, docker, uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { registry, removeFetched, type Registry } from '../../testing/registry.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { jobRig, type JobRig } from './rig.ts';

const idle = 'CMD ["sh", "-c", "trap \\"exit 0\\" TERM INT; sleep infinity & wait"]';
/** One release that is out, one that does not stay up, and one that does. */
const releases = [
  ['first', [idle, 'LABEL release=1']],
  ['broken', ['CMD ["false"]']],
  ['mended', [idle, 'LABEL release=3']],
] as const;

const everyDay = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', timeZone: 'Europe/Paris' };

interface PolicyData {
  readonly id: string;
  readonly name: string;
  readonly containerId: string | null;
  readonly hold: string | null;
  readonly checkedAt: string | null;
  readonly problem: { readonly message: string } | null;
  readonly newer: readonly { readonly reference: string; readonly digest: string }[];
  readonly attempt: { readonly state: string; readonly reason: string | null; readonly jobId: string } | null;
}
const policyFields = `id name containerId hold checkedAt problem { message } newer { reference digest }
  attempt { state reason jobId }`;

describeWith(['docker', 'registry', 'compose'], 'an update policy', () => {
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
    await Promise.all(['web', 'stack'].map((tag) => hub.retag(repository, 'first', tag)));
    reference = `${hub.address}/${repository}:web`;
    await docker('pull', '--quiet', reference);
  });
  afterAll(async () => {
    await removeFetched(hub, repository);
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
    expect(await check(id)).toMatchObject({ newer: [], problem: null });
    await until('it to be followed', ({ containerId }) => containerId === first.id);

    await hub.retag(repository, 'broken', 'web');
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

    await hub.retag(repository, 'mended', 'web');
    expect((await check(id)).newer).not.toEqual(told.newer);
    await set({ containerId: name, mode: 'APPLY' });
    const done = await until('the update', ({ attempt }) => attempt?.state === 'SUCCEEDED');
    expect(done).toMatchObject({ newer: [], hold: null });
    const replaced = await inspect(name, '{{.Id}}');
    await until('the new one to be followed', ({ containerId }) => containerId === replaced);
    expect(await release(name)).toBe('3');
    expect(await check(id)).toMatchObject({ newer: [], problem: null });
  });

  test('of a stack deploys what is newer as a version, and goes back to the one before when it does not come up', async () => {
    const name = uniqueProject();
    await using undo = new AsyncDisposableStack();
    undo.defer(() => removeComposeProject(name));
    const compose = `services: { web: { image: "${hub.address}/${repository}:stack" } }`;
    const { deployStack } = await rig.admin.query<{ deployStack: { job: { id: string } } }>(
      'mutation ($input: DeployStackInput!) { deployStack(input: $input) { job { id } } }',
      { input: { serverId: rig.serverId, name, files: { compose } } },
    );
    await eventually(async () => (await rig.job(deployStack.job.id)).state === 'SUCCEEDED', 'the deployment');
    const filter = `label=com.docker.compose.project=${name}`;
    const running = async () => release((await docker('ps', '--quiet', '--filter', filter)).trim());
    const mine = (state: string) =>
      until(
        `the update of the stack: ${state}`,
        (policy) => policy.name === name && policy.attempt?.state === state,
      );

    await hub.retag(repository, 'broken', 'stack');
    await set({ stack: name, mode: 'APPLY' });
    expect((await mine('FAILED')).attempt?.reason).toContain('Version 1 runs again.');
    expect(await running()).toBe('1');

    await hub.retag(repository, 'mended', 'stack');
    await set({ stack: name, mode: 'APPLY' });
    expect(await mine('SUCCEEDED')).toMatchObject({ newer: [], hold: null });
    expect(await running()).toBe('3');
  });
});
