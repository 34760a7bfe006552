import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiToken, revokeApiToken } from '../testing/api-token.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { eventually, within } from '../testing/events.ts';
import { fence } from '../testing/fences.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { packedClient } from '../testing/packed-client.ts';
import { plainEnv, startProcess } from '../testing/processes.ts';
import type { TempDir } from '../testing/tmp.ts';

const programs = ['example', 'errors', 'logs'] as const;

/** What the README says that its example needs. */
const needed = ['servers:read', 'system:metrics:read'];

let plane: ControlPlane;
let admin: TestClient;
let folder: TempDir;
/** The server that is this machine. */
let name: string;

beforeAll(async () => {
  plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
  admin = await plane.signIn();
  folder = await packedClient();
  for (const program of programs)
    writeFileSync(folder.file(`${program}.ts`), fence('client/README.md', program));
  name = await eventually(
    async () => {
      const { servers } = await admin.query<{ servers: { nodes: { name: string; status: string }[] } }>(
        '{ servers { nodes { name status } } }',
      );
      return servers.nodes.find(({ status }) => status === 'ONLINE')?.name;
    },
    'this server to be online',
    { limit: 60_000 },
  );
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await plane?.[Symbol.asyncDispose]();
});

/** Runs something in the folder, with a token in its environment and nothing else of ours. */
function run(token: string, command: string, ...args: string[]) {
  const env = { SERVERKIT_URL: plane.url, SERVERKIT_TOKEN: token, XDG_CONFIG_HOME: folder.path };
  return startProcess(command, args, { cwd: folder.path, env: plainEnv(env) });
}

/** Somebody who was invited, and signed in. */
async function invited(): Promise<{ readonly id: string; readonly client: TestClient }> {
  const email = 'ada@example.com';
  const password = 'one engine, many cards';
  const { inviteUser } = await admin.query<{ inviteUser: { link: string } }>(
    'mutation ($input: InviteUserInput!) { inviteUser(input: $input) { link } }',
    { input: { email, name: 'Ada', role: 'OPERATOR' } },
  );
  await plane
    .anonymous()
    .query('mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { sessionProof } }', {
      input: { token: inviteUser.link.split('#')[1], name: 'Ada', password },
    });
  const client = await plane.signIn({ email, password });
  const { viewer } = await client.query<{ viewer: { user: { id: string } } }>('{ viewer { user { id } } }');
  return { id: viewer.user.id, client };
}

const runExample = (token: string) => run(token, process.execPath, 'example.ts');

describe("the README's example", () => {
  test('lists servers and follows metrics with the scopes it names, until the token is revoked', async () => {
    const token = await apiToken(admin, ...needed);
    await using program = runExample(token.secret);
    await program.match(new RegExp(`^${name} ONLINE$`, 'm'));
    await program.match(/^srv_\w+ [\d.]+ %$/m);
    await revokeApiToken(admin, token);
    expect(await within(program.exit, 'the program to end', 30_000)).toMatchObject({ code: 1 });
    expect(program.output()).toContain("code: 'UNAUTHENTICATED'");
  });

  test('ends within moments when the owner of the token loses a scope', async () => {
    const ada = await invited();
    const { secret } = await apiToken(ada.client, ...needed);
    await using program = runExample(secret);
    await program.match(/^srv_\w+ [\d.]+ %$/m);
    await admin.query(
      'mutation ($input: SetUserAccessInput!) { setUserAccess(input: $input) { user { id } } }',
      { input: { userId: ada.id, access: 'GRANTED' } },
    );
    expect(await within(program.exit, 'the program to end', 30_000)).toMatchObject({ code: 1 });
    expect(program.output()).toContain("code: 'PERMISSION_DENIED'");
  });

  test.each(needed)('is refused without %s', async (scope) => {
    const { secret } = await apiToken(admin, ...needed.filter((other) => other !== scope));
    await using program = runExample(secret);
    expect(await program.exit).toMatchObject({ code: 1 });
    expect(program.output()).toContain("code: 'PERMISSION_DENIED'");
    expect(program.output()).toContain(`scope: '${scope}'`);
  });

  test.each([{ module: 'node16' }, { module: 'preserve', moduleResolution: 'bundler' }])(
    "means the same to a compiler with %o, and the package's types alone",
    (resolution) => {
      const options = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom'], types: [] };
      writeFileSync(folder.file('node.d.ts'), 'declare const process: { env: Record<string, string> };\n');
      writeFileSync(
        folder.file('tsconfig.json'),
        JSON.stringify({
          compilerOptions: { ...options, ...resolution },
          files: ['node.d.ts', ...programs.map((program) => `${program}.ts`)],
        }),
      );
      const compiler = join(import.meta.dirname, '../node_modules/typescript/bin/tsc');
      execFileSync(process.execPath, [compiler, '-p', folder.path], { encoding: 'utf8' });
    },
  );
});

test('the package holds nothing but what it needs', () => {
  const files = execFileSync('tar', ['-tzf', folder.file('serverkit-client-0.1.0.tgz')], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => !/^package\/dist\/.*\.(js|d\.ts)$/.test(file))
    .toSorted();
  expect(files).toEqual(['', 'package/LICENSE', 'package/README.md', 'package/package.json']);
});

test("the README's program shows what a refusal looks like", async () => {
  const { secret } = await apiToken(admin, 'servers:read', 'servers:write', 'docker:containers:read');
  await using program = run(secret, process.execPath, 'errors.ts');
  expect(await program.exit).toEqual({ code: 0, signal: null });
  expect(program.output()).toMatch(/^NOT_FOUND false .+\n\d+ containers, 0 errors\n$/);
});

describe('the command line of the same package', () => {
  test('lists, and follows metrics until it is interrupted', async () => {
    const { secret } = await apiToken(admin, ...needed);
    await using list = run(secret, 'npx', '--offline', 'serverkit', 'servers', '--json');
    expect(await list.exit).toEqual({ code: 0, signal: null });
    expect(list.output()).toMatch(/"status":"ONLINE"/);

    const bin = folder.file('node_modules/.bin/serverkit');
    await using watch = run(secret, bin, 'metrics', 'watch', '--server', name);
    await watch.match(/"cpuPercent":[\d.]+/);
    watch.kill('SIGINT');
    expect(await watch.exit).toEqual({ code: 130, signal: null });
  });

  test('says which scope is missing, and ends with 3', async () => {
    const { secret } = await apiToken(admin, 'servers:read');
    await using list = run(secret, 'npx', '--offline', 'serverkit', 'containers');
    expect(await list.exit).toEqual({ code: 3, signal: null });
    expect(list.output()).toContain('docker:containers:read');
  });

  test('ends without a word when its reader leaves', async () => {
    const { secret } = await apiToken(admin, ...needed);
    const bin = folder.file('node_modules/.bin/serverkit');
    const pipe = `"${bin}" metrics watch --server '${name}' | head -n 1; echo "\${PIPESTATUS[0]}"`;
    await using piped = run(secret, 'bash', '-c', pipe);
    expect(await piped.exit).toEqual({ code: 0, signal: null });
    expect(piped.output()).toMatch(/^\{"server".*\}\n0\n$/);
  });
});
