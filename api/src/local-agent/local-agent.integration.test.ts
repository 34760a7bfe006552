import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { localAgentScopes } from '@serverkit/wire/scopes.ts';
import { controlPlane, type ControlPlane } from '../../../testing/control-plane.ts';
import { eventually, nextItem } from '../../../testing/events.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { agentDist, agentEntry } from '../install/service.ts';
import { spawnAgent } from './agent-process.ts';

const env = { SERVERKIT_LOCAL_AGENT: 'on' };

interface LocalServer {
  readonly id: string;
  readonly status: string;
  readonly isLocal: boolean;
  readonly scopes: readonly string[];
}

const listServers = /* GraphQL */ `
  query Servers {
    servers {
      nodes {
        id
        status
        isLocal
        scopes
      }
    }
  }
`;

const servers = async (client: TestClient): Promise<readonly LocalServer[]> =>
  (await client.query<{ servers: { nodes: LocalServer[] } }>(listServers)).servers.nodes;

const online = (client: TestClient): Promise<LocalServer> =>
  eventually(
    async () => (await servers(client)).find(({ status, isLocal }) => isLocal && status === 'ONLINE'),
    'this machine to be online',
  );

const parse: <Shape>(text: string) => Shape = JSON.parse;

/** The agent's process, as the control plane remembers it. */
const agentPid = (plane: ControlPlane): Promise<number> =>
  eventually(() => {
    const file = join(plane.dataDir, 'agent.json');
    return existsSync(file) && parse<{ pid: number }>(readFileSync(file, 'utf8')).pid;
  }, 'the agent to be started');

const agentId = (plane: ControlPlane): string =>
  parse<{ agentId: string }>(readFileSync(join(plane.dataDir, 'agent', 'identity.json'), 'utf8')).agentId;

/** Neither gone nor a zombie that nobody has reaped yet. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

interface Status {
  readonly supervisor: string;
  readonly policy: { readonly scopes: readonly string[]; readonly deniedPaths: readonly string[] };
}

/** Asks the agent itself. */
async function askAgent(plane: ControlPlane): Promise<Status> {
  await using dir = await tempDir();
  writeFileSync(
    dir.file('config.yaml'),
    JSON.stringify({ agent: { state_dir: join(plane.dataDir, 'agent') } }),
  );
  const args = [join(agentDist, agentEntry), 'status', '--json', '-c', dir.file('config.yaml')];
  return parse(await run(process.execPath, args));
}

describe('the agent of this machine', () => {
  test('joins by itself, with a modest ceiling, and never with the data directory', async () => {
    await using plane = await controlPlane({ env });
    const server = await online(await plane.signIn());
    expect(server.scopes).toEqual([...localAgentScopes]);
    const { policy, supervisor } = await askAgent(plane);
    expect(supervisor).toBe('parent');
    expect(policy.scopes).toEqual([...localAgentScopes]);
    expect(policy.deniedPaths).toContain(plane.dataDir);

    const pid = await agentPid(plane);
    const shown = ['cmdline', 'environ']
      .map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'))
      .join(' ');
    expect(shown).not.toContain('sk_reg_');
    expect(plane.process.output()).not.toContain('sk_reg_');
  });

  test('follows when its ceiling is raised', async () => {
    await using plane = await controlPlane({ env });
    const client = await plane.signIn();
    const { id } = await online(client);
    await client.query(
      'mutation Raise($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
      { input: { serverId: id, profile: 'DOCKER_MANAGER' } },
    );
    await eventually(
      async () => (await askAgent(plane)).policy.scopes.includes('docker:*'),
      'the new ceiling',
    );
    expect((await online(client)).scopes).toContain('docker:*');
    expect((await askAgent(plane)).policy.deniedPaths).toContain(plane.dataDir);
  });

  test('is started again when it is killed, and there is never more than one', async () => {
    await using plane = await controlPlane({ env });
    const client = await plane.signIn();
    const { id } = await online(client);
    const first = await agentPid(plane);
    process.kill(first, 'SIGKILL');
    const second = await eventually(async () => {
      const pid = await agentPid(plane);
      return pid !== first && pid;
    }, 'another agent');
    await online(client);
    expect([isAlive(first), isAlive(second)]).toEqual([false, true]);
    expect((await servers(client)).map((server) => server.id)).toEqual([id]);
  });

  test('ends with ServerKit, and is the same one after a restart', async () => {
    await using dir = await tempDir();
    chmodSync(dir.path, 0o711);
    const dataDir = dir.file('data');
    let id = '';
    let pid = 0;
    {
      await using plane = await controlPlane({ env, dataDir });
      await online(await plane.signIn());
      pid = await agentPid(plane);
      id = agentId(plane);
      plane.process.kill('SIGTERM');
      expect(await plane.process.exit).toMatchObject({ code: 0 });
      expect(isAlive(pid)).toBe(false);
    }
    await using plane = await controlPlane({ env, dataDir });
    const client = await plane.signIn();
    await online(client);
    expect(agentId(plane)).toBe(id);
    expect(await servers(client)).toHaveLength(1);
  });

  test('joins again when its state was lost', async () => {
    await using dir = await tempDir();
    chmodSync(dir.path, 0o711);
    const dataDir = dir.file('data');
    {
      await using plane = await controlPlane({ env, dataDir });
      await online(await plane.signIn());
    }
    await run('rm', ['-r', join(dataDir, 'agent')]);
    await using plane = await controlPlane({ env, dataDir });
    const client = await plane.signIn();
    await online(client);
    expect(await servers(client)).toHaveLength(1);
  });

  test('ends when ServerKit is killed', async () => {
    await using plane = await controlPlane({ env });
    await online(await plane.signIn());
    const pid = await agentPid(plane);
    plane.process.kill('SIGKILL');
    await plane.process.exit;
    await eventually(() => !isAlive(pid), 'the agent to end');
    expect(isAlive(pid)).toBe(false);
  });

  test('is stopped by the next ServerKit when it hangs', async () => {
    await using dir = await tempDir();
    chmodSync(dir.path, 0o711);
    const dataDir = dir.file('data');
    let hanging = 0;
    {
      await using plane = await controlPlane({ env, dataDir });
      await online(await plane.signIn());
      hanging = await agentPid(plane);
      process.kill(hanging, 'SIGSTOP');
      plane.process.kill('SIGKILL');
      await plane.process.exit;
      expect(isAlive(hanging)).toBe(true);
    }
    await using plane = await controlPlane({ env, dataDir });
    await online(await plane.signIn());
    expect(isAlive(hanging)).toBe(false);
    expect(plane.process.output()).toContain('ended the agent that an earlier ServerKit left behind');
  });

  test('is not there when it is switched off', async () => {
    await using plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'off' } });
    expect(await servers(await plane.signIn())).toEqual([]);
    expect(existsSync(join(plane.dataDir, 'agent'))).toBe(false);
  });
});

describeWith('root', "root's agent", () => {
  test('runs under an account of its own that may not look into the data directory', async () => {
    await using plane = await controlPlane({ env });
    await online(await plane.signIn());
    const facts = readFileSync(`/proc/${await agentPid(plane)}/status`, 'utf8');
    const uid = Number(/^Uid:\t(\d+)/m.exec(facts)?.[1]);
    expect(uid).toBeGreaterThan(60_000);
    expect(facts).toMatch(/^CapEff:\t0+$/m);
    const asAgent = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--'];
    await expect(run('setpriv', [...asAgent, 'ls', plane.dataDir])).rejects.toThrow('Permission denied');
  });

  test('starts from places that its account cannot walk to, such as a checkout below /root', async () => {
    await using home = await tempDir();
    chmodSync(home.path, 0o700);
    const dist = home.file('dist');
    mkdirSync(dist);
    await run('cp', ['-r', `${agentDist}/.`, dist]);
    linkSync(process.execPath, home.file('node'));
    const directory = home.file('agent');
    mkdirSync(directory, { mode: 0o700 });
    const account = { uid: 60_950, gid: 60_950 };
    await run('chown', [`${account.uid}:${account.gid}`, directory]);

    const { child, line } = spawnAgent({ directory, dist, node: home.file('node') }, account);
    const message = {
      server: 'unix:/nowhere/agent.sock',
      stateDir: '/proc/self/fd/4',
      scopes: [],
      deniedPaths: [],
      token: `sk_reg_${'0'.repeat(16)}_${'A'.repeat(43)}`,
    };
    line.write(`${JSON.stringify(message)}\n`);
    const lines = createInterface({ input: child.stderr ?? process.stdin });
    const said = await nextItem(
      lines[Symbol.asyncIterator](),
      (text) => text.includes('cannot reach'),
      'a first try',
    );
    expect(said).toContain('/nowhere/agent.sock');
    expect(existsSync(join(directory, 'agent.key.pending'))).toBe(true);
    line.end();
    await eventually(() => child.exitCode === 0, 'the agent to end with its line');
  });
});
