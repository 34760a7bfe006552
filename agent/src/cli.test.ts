import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { exitCodes } from './exit-codes.ts';
import { pretendRegistered, testHost, type TestHost } from './testing.ts';
import { agentVersion } from './version.ts';

/** Nobody listens on port 1. */
const nobody = 'server: { url: "http://127.0.0.1:1" }\n';

async function registeredHost(yaml = ''): Promise<TestHost> {
  const host = await testHost(nobody + yaml);
  pretendRegistered(host.stateDir, host.dir.file('agent.key'));
  return host;
}

/** What `status --json` answers. */
async function statusOf(host: TestHost): Promise<Record<string, unknown>> {
  const { stdout } = await host.agent(['status', '--json']);
  const value: unknown = JSON.parse(stdout);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

describe('the command line', () => {
  test('explains itself', async () => {
    await using host = await testHost();
    expect(await host.agent(['version'])).toMatchObject({ code: 0, stdout: `${agentVersion}\n` });
    expect((await host.agent(['--help'])).stdout).toMatch(/register .*\n.*start/);
    expect((await host.agent(['config', '--help'])).stdout).toContain('docker:containers:exec');
    expect((await host.agent(['frobnicate'])).code).toBe(exitCodes.usage);
    expect(await host.agent(['start', '--fast'])).toMatchObject({
      code: exitCodes.usage,
      output: expect.stringContaining("Unknown option '--fast'"),
    });
  });

  test('never takes a token, which everyone on the machine could read', async () => {
    await using host = await testHost();
    for (const args of [['--token', 'sk_reg_x'], ['--token=sk_reg_x'], ['-t', 'sk_reg_x']]) {
      const { code, output } = await host.agent(['register', '--server', 'https://example.com', ...args]);
      expect(code).toBe(exitCodes.usage);
      expect(output).toContain('SERVERKIT_TOKEN');
    }
  });

  test('a configuration that cannot be obeyed stops everything, with the line', async () => {
    await using host = await testHost('features: { exec: true }\n');
    for (const command of [['start'], ['status'], ['config', 'show']]) {
      const { code, output } = await host.agent(command);
      expect(code).toBe(exitCodes.usage);
      expect(output).toContain(`${host.configFile}:3: features.exec can only be false`);
    }
  });

  test('shows the configuration, defaults included', async () => {
    await using host = await testHost('docker: { timeout: 90s }\n');
    const { stdout } = await host.agent(['config', 'show']);
    expect(stdout).toMatch(/^docker\.timeout +90s$/m);
    expect(stdout).toMatch(/^metrics\.interval +10s$/m);
    expect((await host.agent(['config', 'path'])).stdout).toBe(`${host.configFile}\n`);
  });

  test('raises and lowers the ceiling', async () => {
    await using host = await testHost('security: { scopes: ["docker:*"] }\n');
    const ceiling = async (): Promise<string | undefined> =>
      /^security\.scopes +(.+)$/m.exec((await host.agent(['config', 'show'])).stdout)?.[1];
    expect((await host.agent(['config', 'allow', 'system:exec'])).stdout).toContain(
      'counts from the next start',
    );
    expect(await ceiling()).toBe('docker:* system:exec');
    await host.agent(['config', 'deny', 'docker:containers:write', 'system:exec']);
    expect(await ceiling()).not.toMatch(/docker:\*|docker:containers:write|system:exec/);
    expect(await ceiling()).toMatch(/docker:containers:read .*docker:networks:write/);
    await host.agent(['config', 'allow', 'managed']);
    expect(await ceiling()).toBe('managed');
    expect((await host.agent(['config', 'allow', 'everything'])).code).toBe(exitCodes.usage);
  });

  test('registration wants an address and a token, and says which is missing', async () => {
    await using host = await testHost();
    expect((await host.agent(['register'])).output).toContain('--server');
    expect((await host.agent(['register', '--server', 'example.com'])).output).toContain(
      '--server must be an address',
    );
    expect((await host.agent(['register', '--server', 'http://192.0.2.1'])).output).toContain(
      'without encryption',
    );
    const server = ['--server', 'http://127.0.0.1:1'];
    await writeFile(host.dir.file('empty'), '\n');
    const empty = await host.agent(['register', ...server, '--token-file', host.dir.file('empty')]);
    expect(empty.output).toContain('token is empty');
    vi.stubEnv('SERVERKIT_TOKEN', 'sk_reg_nonsense');
    const wrong = await host.agent(['register', ...server]);
    expect(wrong.output).toContain('not a registration token');
    expect(wrong.output).not.toContain('nonsense');
  });

  test('registration with nobody there fails, and can be tried again with the same token', async () => {
    await using host = await testHost();
    const token = `sk_reg_${'a'.repeat(16)}_${'A'.repeat(43)}`;
    await writeFile(host.dir.file('token'), `${token}\n`);
    const { code, output } = await host.agent([
      'register',
      '--server',
      'http://127.0.0.1:1',
      '--token-file',
      host.dir.file('token'),
    ]);
    expect(code).toBe(exitCodes.failure);
    expect(output).toMatch(/cannot reach 127\.0\.0\.1:1/);
    expect(output).not.toContain('AAAA');
    expect(await readFile(host.dir.file('agent.key.pending'), 'utf8')).toContain('a'.repeat(16));
    expect(await readFile(host.configFile, 'utf8')).not.toContain('127.0.0.1');
  });
});

describe('the running agent', () => {
  test('needs to be registered', async () => {
    await using host = await testHost(nobody);
    expect(await host.agent(['start'])).toMatchObject({
      code: exitCodes.usage,
      output: expect.stringContaining('not registered yet'),
    });
    expect(await host.agent(['status'])).toMatchObject({
      code: exitCodes.notRunning,
      stdout: 'The agent is not running.\n',
    });
  });

  test("refuses another agent's configuration", async () => {
    await using host = await registeredHost();
    await host.agent(['config', 'path']);
    const text = await readFile(host.configFile, 'utf8');
    await writeFile(host.configFile, text.replace('agent: {', 'agent: { id: agt_other,'));
    expect((await host.agent(['start'])).output).toContain('is for the agent agt_other');
  });

  test('tells its status, keeps others out, and stops when told to', async () => {
    await using host = await registeredHost();
    await using agent = host.start();
    await agent.match(/link lost: cannot reach 127\.0\.0\.1:1/);
    expect(await statusOf(host)).toMatchObject({
      running: true,
      agentId: 'agt_1',
      serverId: 'srv_1',
      name: 'web',
      pid: agent.pid,
      supervisor: 'none',
      policy: { mode: 'local', scopes: [] },
    });
    const { code, stdout } = await host.agent(['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Link: +(offline, trying again|connecting) for \d+ s/m);
    expect((await host.agent(['start'])).output).toContain(`Another agent (process ${agent.pid}) runs`);

    const asked = performance.now();
    agent.kill('SIGTERM');
    expect(await agent.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect((await host.agent(['status'])).code).toBe(exitCodes.notRunning);
  });

  test('comes back after it was killed', async () => {
    await using host = await registeredHost();
    {
      await using first = host.start();
      await first.match(/link lost/);
      first.kill('SIGKILL');
      await first.exit;
    }
    await using second = host.start();
    await second.match(/link lost/);
    expect((await statusOf(host))['pid']).toBe(second.pid);
  });

  test('takes a changed ceiling over while it runs', async () => {
    await using host = await registeredHost('security: { scopes: ["docker:containers:read"] }\n');
    await using agent = host.start();
    await agent.match(/link lost/);
    expect((await host.agent(['config', 'allow', 'system:metrics:read'])).stdout).toContain(
      'The agent took it over.',
    );
    expect(await statusOf(host)).toMatchObject({
      policy: { scopes: ['docker:containers:read', 'system:metrics:read'] },
    });
  });

  test('keeps what it measured over a restart, value for value', async () => {
    await using host = await registeredHost('features: { docker: false }\n');
    const ring = async (): Promise<unknown[]> => {
      const value: unknown = JSON.parse((await host.agent(['status', '--ring'])).stdout);
      const kept: unknown = typeof value === 'object' && value && 'ring' in value ? value.ring : [];
      return Array.isArray(kept) ? kept.map((sample: unknown) => sample) : [];
    };
    let before: unknown[] = [];
    {
      await using agent = host.start();
      before = await eventually(async () => (await ring()).length > 0 && ring(), 'the first sample', {
        limit: 30_000,
      });
      agent.kill('SIGTERM');
      await agent.exit;
    }
    await using again = host.start();
    await again.match(/link lost/);
    expect((await ring()).slice(0, before.length)).toEqual(before);
  }, 60_000);

  test('writes its log where it is told to', async () => {
    await using host = await testHost(nobody);
    pretendRegistered(host.stateDir, host.dir.file('agent.key'));
    const text = await readFile(host.configFile, 'utf8');
    await writeFile(
      host.configFile,
      `${text}logging: { level: warn, file: ${host.dir.file('logs', 'agent.log')} }\n`,
    );
    await using agent = host.start();
    await agent.match(/link lost/);
    // A line is on the terminal before it is in the file.
    agent.kill('SIGTERM');
    await agent.exit;
    expect(await readFile(host.dir.file('logs', 'agent.log'), 'utf8')).toMatch(/warn {2}link lost/);
  });
});
