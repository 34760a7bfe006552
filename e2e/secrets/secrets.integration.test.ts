import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker as cli, uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { codeOf } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { fencesOf } from '../../testing/fences.ts';
import { describeWith } from '../../testing/parts.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { run } from '../../testing/processes.ts';
import { jobRig, type JobData, type JobRig } from '../jobs/rig.ts';

describeWith(['docker', 'compose'], 'a secret of ServerKit', () => {
  const undo = new AsyncDisposableStack();
  const [first, second] = ['one', 'two'].map((word) => `${word}-${randomBytes(16).toString('hex')}`);
  const box = uniqueName();
  const project = uniqueProject();
  const values = [first ?? '', second ?? ''];
  /** Every answer there was, for what must be in none. */
  const answered: unknown[] = [];
  let rig: JobRig;
  let secretId = '';

  beforeAll(async () => {
    rig = undo.use(await jobRig());
    undo.defer(async () => {
      const left = (await cli('ps', '--all', '--quiet', '--filter', `name=${box}`)).trim();
      if (left) await cli('rm', '--force', '--volumes', ...left.split('\n'));
    });
    undo.defer(() => removeComposeProject(project));
    await rig.startAgent();
  });
  afterAll(() => undo.disposeAsync());

  const ask = async <Data>(query: string, input: object): Promise<Data> => {
    const data = await rig.admin.query<Data>(query, { input });
    answered.push(data);
    return data;
  };
  const ended = async (id: string): Promise<JobData> => {
    const job = await eventually(async () => {
      const now = await rig.job(id);
      return now.finishedAt !== null && now;
    }, 'the job to end');
    answered.push(job);
    return job;
  };
  const begin = async (kind: 'createContainer' | 'recreateContainer', input: object): Promise<JobData> => {
    const type = `${kind[0]?.toUpperCase()}${kind.slice(1)}Input`;
    const answer = await ask<Record<string, { job: { id: string } }>>(
      `mutation ($input: ${type}!) { ${kind}(input: $input) { job { id } } }`,
      { serverId: rig.serverId, ...input },
    );
    return ended(answer[kind]?.job.id ?? '');
  };
  const inside = async (...command: string[]): Promise<string> => (await cli('exec', box, ...command)).trim();
  const update = (input: object) =>
    ask('mutation ($input: UpdateSecretInput!) { updateSecret(input: $input) { secret { version } } }', {
      secretId,
      ...input,
    });

  test('is given to a container as a variable and as a file of its user’s', async () => {
    const { createSecret } = await ask<{ createSecret: { secret: { id: string } } }>(
      'mutation ($input: CreateSecretInput!) { createSecret(input: $input) { secret { id } } }',
      { name: 'db_password', value: first, places: { serverIds: [rig.serverId] } },
    );
    secretId = createSecret.secret.id;
    const job = await begin('createContainer', {
      spec: {
        image: testImages.busybox,
        name: box,
        user: '1234:1235',
        command: ['sh', '-c', 'echo "$PLAIN"; trap "exit 0" TERM; sleep infinity & wait'],
        environment: [{ name: 'PLAIN', value: 'to be seen' }],
        secretVariables: [{ name: 'PLAINLY', secret: 'db_password' }],
        secretFiles: [
          { secret: 'db_password' },
          { secret: 'db_password', path: '/etc/app/key', mode: 0o444, uid: 0, gid: 0 },
        ],
      },
    });
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(await inside('sh', '-c', 'echo "$PLAINLY"')).toBe(first);
    expect(await inside('cat', '/run/secrets/db_password')).toBe(first);
    expect(await inside('stat', '-c', '%a %u %g', '/run/secrets/db_password')).toBe('400 1234 1235');
    expect(await inside('stat', '-c', '%a %u %g', '/etc/app/key')).toBe('444 0 0');
  });

  test('is given to a stack, whose file and versions hold its name alone', async () => {
    const [example = ''] = fencesOf('docs/secrets.md').flatMap(({ run: name, text }) =>
      name === 'stack' ? [text] : [],
    );
    const compose = example.replace(
      /image: .*/,
      `image: ${testImages.busybox}\n    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]`,
    );
    const { deployStack } = await ask<{ deployStack: { job: { id: string } } }>(
      'mutation ($input: DeployStackInput!) { deployStack(input: $input) { job { id } } }',
      { serverId: rig.serverId, name: project, files: { compose, env: '' } },
    );
    expect(await ended(deployStack.job.id)).toMatchObject({ state: 'SUCCEEDED' });
    const filter = `label=com.docker.compose.project=${project}`;
    const id = (await cli('ps', '--quiet', '--filter', filter)).trim();
    expect(await cli('exec', id, 'sh', '-c', 'echo "$DATABASE_PASSWORD"; cat /run/secrets/db_password')).toBe(
      `${first}\n${first}`,
    );
  });

  test('is in no stack of somebody who may not use it, however the file asks for it', async () => {
    const { createApiToken } = await rig.admin.query<{ createApiToken: { secret: string } }>(
      'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
      {
        input: { name: 'deployer', scopes: ['servers:read', 'docker:compose:read', 'docker:compose:write'] },
      },
    );
    const deployer = rig.plane.anonymous().with({ token: createApiToken.secret, origin: null });
    const told = `${project}-told`;
    const deploy = (value: string) =>
      deployer.answer<{ deployStack: { job: { id: string } } }>(
        'mutation ($input: DeployStackInput!) { deployStack(input: $input) { job { id } } }',
        {
          input: {
            serverId: rig.serverId,
            name: project,
            baseVersion: 1,
            files: {
              compose: `services:
  shop:
    image: ${testImages.busybox}
    container_name: ${told}
    command: ["sh", "-c", "echo told $$X; sleep 1000"]
    environment: { X: ${value} }
`,
              env: 'Y=serverkit-secret:db_password\n',
            },
          },
        },
      );
    for (const value of [
      '"${secret:db_password}"',
      String.raw`"$\x7bsecret:db_password}"`,
      'serverkit-secret:db_password',
    ]) {
      const refused = await deploy(value);
      answered.push(refused);
      expect([value, codeOf(refused)]).toEqual([value, 'PERMISSION_DENIED']);
    }
    const hidden = await deploy('"${Y}"');
    answered.push(hidden);
    expect(await ended(hidden.data?.deployStack.job.id ?? '')).toMatchObject({
      state: 'FAILED',
      errorMessage: expect.stringContaining('own file') as unknown,
    });
    expect(await cli('ps', '--all', '--quiet', '--filter', `name=${told}`)).toBe('');
  });

  test('is masked wherever the container is looked into, even where its variables are asked for', async () => {
    const { server } = await rig.admin.query<{
      server: { container: { details: { inspect: string; environment: object[] } } };
    }>(
      `query ($serverId: ID!, $id: ID!) { server(id: $serverId) { container(id: $id) {
        labels { key value } details { inspect environment { name value secret } } } } }`,
      { serverId: rig.serverId, id: box },
    );
    answered.push(server);
    expect(server.container.details.environment).toContainEqual({
      name: 'PLAINLY',
      value: null,
      secret: 'db_password',
    });
    expect(server.container.details.inspect).toContain('to be seen');
    const { secrets } = await rig.admin.query<{ secrets: { usedBy: { containerName: string }[] }[] }>(
      '{ secrets { usedBy { containerName } } }',
    );
    expect(secrets[0]?.usedBy.map(({ containerName }) => containerName)).toContain(box);
  });

  test('is what it is now when the container is made again, also after the host and the agent were restarted', async () => {
    await cli('restart', '--time', '1', box);
    expect(await inside('cat', '/run/secrets/db_password')).toBe(first);
    await update({ value: second });
    await rig.stopAgent('SIGKILL');
    await rig.startAgent();
    const done = await begin('recreateContainer', { containerId: box, pull: 'NEVER' });
    expect(done).toMatchObject({ state: 'SUCCEEDED' });
    expect(await inside('sh', '-c', 'echo "$PLAINLY"')).toBe(second);
    expect(await inside('cat', '/run/secrets/db_password')).toBe(second);
    expect(await inside('stat', '-c', '%a %u %g', '/run/secrets/db_password')).toBe('400 1234 1235');
  });

  test('stops nothing where the server does not get it any more, and is in no image', async () => {
    const before = await cli('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', box);
    await update({ places: { everywhere: true } });
    const commit = await rig.admin.answer(
      'mutation ($input: CommitContainerInput!) { commitContainer(input: $input) { imageId } }',
      { input: { serverId: rig.serverId, containerId: box, reference: `serverkit-test/${box}:1` } },
    );
    // This agent is not allowed to; that containers with secrets are refused is tested where it is.
    expect(commit.errors).toHaveLength(1);
    await ask('mutation ($input: DeleteSecretInput!) { deleteSecret(input: $input) { deletedSecretId } }', {
      secretId,
    });
    for (const [kind, input] of [
      ['recreateContainer', { containerId: box, pull: 'NEVER' }],
      ['duplicateContainer', { containerId: box, name: `${box}-2` }],
    ] as const) {
      const type = `${kind[0]?.toUpperCase()}${kind.slice(1)}Input`;
      const answer = await rig.admin.answer(
        `mutation ($input: ${type}!) { ${kind}(input: $input) { __typename } }`,
        { input: { serverId: rig.serverId, ...input } },
      );
      answered.push(answer);
      expect(codeOf(answer)).toBe('NOT_FOUND');
      expect(JSON.stringify(answer.errors)).toContain('db_password');
    }
    expect(await cli('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', box)).toBe(before);
    expect((await cli('logs', box)).trim()).toBe('to be seen');
  });

  test('was told to nobody, and is kept by nobody', async () => {
    const tables = await rig.rows<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const rows = await Promise.all(
      tables.map(({ name }) => rig.rows(`SELECT row_to_json(t)::text AS row FROM ${name} t`)),
    );
    const said = JSON.stringify([answered, rows]) + rig.agent.output() + rig.plane.process.output();
    for (const value of values) {
      expect(said).not.toContain(value);
      const found = await run('grep', ['-rlF', value, rig.plane.dataDir, rig.agentDir]).catch(() => '');
      expect(found).toBe('');
    }
    const handed = await rig.rows<{ purpose: string }>(
      `SELECT parameters->>'purpose' AS purpose FROM "AuditEvent" WHERE action = 'secret.hand-over' ORDER BY id`,
    );
    expect(handed.map(({ purpose }) => purpose)).toEqual([
      'container.create',
      'stack.deploy',
      // Of the version that would have been gone back to.
      'stack.deploy',
      'container.recreate',
    ]);
  });
});
