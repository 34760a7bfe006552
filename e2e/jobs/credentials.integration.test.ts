import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { codeOf } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { run } from '../../testing/processes.ts';
import { freshImage, registry, type Registry } from '../../testing/registry.ts';
import { jobRig, type JobRig } from './rig.ts';

const ada = { username: 'ada', password: 'hunter2-hunter2' };

describeWith(['docker', 'registry'], 'a registry with a password', () => {
  let rig: JobRig;
  let hub: Registry;
  let reference: string;
  beforeAll(async () => {
    [rig, hub] = await Promise.all([jobRig(), registry({ credentials: ada })]);
    await rig.startAgent();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const image = await freshImage();
    reference = await hub.push(image, 'team/web:1');
    await run('docker', ['rmi', image]);
    return async () => {
      await run('docker', ['rmi', '--force', reference]).catch(() => undefined);
    };
  });

  const ended = async (id: string) =>
    eventually(async () => {
      const job = await rig.job(id);
      return job.finishedAt !== null && job;
    }, 'the job to end');
  const check = async (registryId: string) =>
    (
      await rig.admin.query<{ checkRegistry: { accepted: boolean; message: string } }>(
        'mutation C($input: CheckRegistryInput!) { checkRegistry(input: $input) { accepted message } }',
        { input: { registryId, serverId: rig.serverId } },
      )
    ).checkRegistry;

  test('is refused without credentials, checked, and pulled from with them, which nobody keeps', async () => {
    expect((await ended(await rig.pull(reference))).state).toBe('FAILED');

    const { createRegistry } = await rig.admin.query<{ createRegistry: { registry: { id: string } } }>(
      'mutation C($input: CreateRegistryInput!) { createRegistry(input: $input) { registry { id } } }',
      { input: { host: hub.address, ...ada, password: 'not the one', places: { everywhere: true } } },
    );
    const registryId = createRegistry.registry.id;
    expect((await check(registryId)).accepted).toBe(false);
    await rig.admin.query(
      'mutation U($input: UpdateRegistryInput!) { updateRegistry(input: $input) { registry { id } } }',
      { input: { registryId, ...ada } },
    );
    expect(await check(registryId)).toEqual({ accepted: true, message: 'Login Succeeded' });
    expect(await ended(await rig.pull(reference))).toMatchObject({ state: 'SUCCEEDED' });

    const kept = await Promise.all(
      ['Job', 'Command', 'AuditEvent', 'Registry'].map((table) =>
        rig.rows(`SELECT row_to_json(t)::text AS row FROM "${table}" t`),
      ),
    );
    expect(kept.flat().length).toBeGreaterThan(4);
    expect(JSON.stringify(kept)).not.toContain(ada.password);
    expect(rig.agent.output() + rig.plane.process.output()).not.toContain(ada.password);
    const found = await run('grep', ['-rlF', ada.password, rig.plane.dataDir, rig.agentDir]).catch(() => '');
    expect(found).toBe('');
  });

  test('is pulled from for a container too, but on no server that the password is not for', async () => {
    const { registries } = await rig.admin.query<{ registries: { id: string }[] }>('{ registries { id } }');
    const giveTo = (places: object) =>
      rig.admin.query(
        'mutation U($input: UpdateRegistryInput!) { updateRegistry(input: $input) { registry { id } } }',
        { input: { registryId: registries[0]?.id, places } },
      );
    const { createServerGroup } = await rig.admin.query<{ createServerGroup: { group: { id: string } } }>(
      'mutation { createServerGroup(input: { name: "others" }) { group { id } } }',
    );
    await giveTo({ groupIds: [createServerGroup.group.id] });
    expect((await ended(await rig.pull(reference))).state).toBe('FAILED');

    await giveTo({ serverIds: [rig.serverId] });
    const name = `serverkit-test-${reference.replaceAll(/\W/g, '')}`;
    const { createContainer } = await rig.admin.query<{ createContainer: { job: { id: string } } }>(
      'mutation C($input: CreateContainerInput!) { createContainer(input: $input) { job { id } } }',
      { input: { serverId: rig.serverId, start: false, spec: { name, image: reference } } },
    );
    try {
      expect(await ended(createContainer.job.id)).toMatchObject({ state: 'SUCCEEDED' });
    } finally {
      await run('docker', ['rm', '--force', name]);
    }
  });

  test('is not pulled from for a container that may not be made', async () => {
    const answer = await rig.admin.answer(
      'mutation C($input: CreateContainerInput!) { createContainer(input: $input) { job { id } } }',
      { input: { serverId: rig.serverId, spec: { image: reference, privileged: true } } },
    );
    expect(codeOf(answer)).toBe('PERMISSION_DENIED');
    await expect(run('docker', ['image', 'inspect', reference])).rejects.toThrow(/no such image/i);
  });

  test('is not signed in to by those who only look', async () => {
    const answer = await rig.plane
      .anonymous()
      .answer('mutation { checkRegistry(input: { registryId: "rgy_1", serverId: "srv_1" }) { accepted } }');
    expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  });
});
