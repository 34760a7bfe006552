import { symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiToken } from '../testing/api-token.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { eventually } from '../testing/events.ts';
import { fence } from '../testing/fences.ts';
import { parseAnswer } from '../testing/graphql-client.ts';
import { plainEnv, run, startProcess } from '../testing/processes.ts';
import { tempDir, type TempDir } from '../testing/tmp.ts';

const api = (name: string): string => fence('docs/api.md', name);

let plane: ControlPlane;
let folder: TempDir;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
  folder = await tempDir();
  symlinkSync(resolve('node_modules'), folder.file('node_modules'));
  const admin = await plane.signIn();
  const { secret } = await apiToken(admin, 'servers:read', 'system:metrics:read');
  env = plainEnv({
    SERVERKIT_URL: plane.url,
    SERVERKIT_TOKEN: secret,
    EMAIL: plane.admin.email,
    PASSWORD: plane.admin.password,
  });
  await eventually(
    async () => JSON.stringify(await admin.query('{ servers { nodes { status } } }')).includes('ONLINE'),
    'this server to be online',
    { limit: 60_000 },
  );
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await plane?.[Symbol.asyncDispose]();
});

/** What a script answers, as the shell of whoever reads it would run it. */
const answerTo = async (script: string) =>
  parseAnswer<unknown>(await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder.path, env }));

function program(text: string) {
  writeFileSync(folder.file('program.ts'), text);
  return startProcess(process.execPath, [folder.file('program.ts')], { cwd: folder.path, env });
}

test('the README asks for servers with a token', async () => {
  const { data, errors } = await answerTo(fence('README.md', 'readme'));
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ servers: { nodes: [{ status: 'ONLINE' }] } });
});

test('a first question', async () => {
  expect(await answerTo(api('ask'))).toEqual({
    data: {
      servers: {
        nodes: [{ id: expect.stringMatching(/^srv_/), name: expect.any(String), status: 'ONLINE' }],
      },
    },
  });
});

test('a walk through all pages', async () => {
  await using walk = program(api('pages'));
  expect(await walk.exit).toEqual({ code: 0, signal: null });
  expect(walk.output()).toMatch(/^\S+ ONLINE\n$/);
});

test('a subscription', async () => {
  await using watch = program(api('subscribe'));
  await watch.match(/\{"fleetMetrics":\{"items":\[\{"serverId":"srv_\w+","cpuPercent":[\d.]+\}\]\}\}\n/);
});

test('a session', async () => {
  expect(await answerTo(api('session'))).toEqual({
    data: { viewer: { user: { email: plane.admin.email, role: 'ADMIN' } } },
  });
});

test('a refusal, with the answer that is shown', async () => {
  const shown: unknown = JSON.parse(api('refused-answer'));
  expect(await answerTo(api('refused'))).toMatchObject({ ...Object(shown) });
});
