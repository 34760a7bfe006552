import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { loadConfig, parseConfig, type Config } from './config.ts';

function problems(yaml: string): string[] {
  try {
    parseConfig('agent.yaml', yaml);
    return [];
  } catch (error) {
    return String(error)
      .replace(/^Error: /, '')
      .split('\n');
  }
}

test('an empty file, or none, means the defaults', async () => {
  await using dir = await tempDir();
  expect(parseConfig('x', '')).toMatchObject({
    server: { url: null, insecure: false, maxReconnectIntervalMs: 20_000 },
    docker: { timeoutMs: 30_000 },
    metrics: { intervalMs: 10_000, includePerCpu: true },
    logging: { level: 'info', maxSizeBytes: 100 * 1024 * 1024, maxBackups: 5 },
    security: { scopes: null },
  } satisfies DeepPartial<Config>);
  expect(loadConfig(dir.file('none'), false).security.scopes).toBeNull();
});

type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

test('the documented example is valid, and says what the defaults are', async () => {
  const text = await readFile(new URL('../../config.example.yaml', import.meta.url), 'utf8');
  const example = parseConfig('example', text);
  const defaults = parseConfig('defaults', '');
  expect(example.docker).toEqual(defaults.docker);
  expect(example.metrics).toEqual(defaults.metrics);
  expect(example.auth).toEqual(defaults.auth);
  expect(example.disabledFeatures).toEqual(defaults.disabledFeatures);
  expect(example.agent.stateDir).toBe(defaults.agent.stateDir);
  expect({ ...example.logging, file: null }).toEqual(defaults.logging);
  expect(example.server.maxReconnectIntervalMs).toBe(defaults.server.maxReconnectIntervalMs);
});

test('every key means something', () => {
  const config = parseConfig(
    'agent.yaml',
    `server:
  url: wss://serverkit.example.com/agent/ws
  insecure: true
  ca_file: /etc/ca.pem
  ca_sha256: 'AA:${'bb:'.repeat(30)}CC'
  reconnect_interval: 5s
  max_reconnect_interval: 5m
agent: { id: agt_1, name: web, state_dir: /srv/state }
auth: { key_file: /srv/key }
features: { docker: false, metrics: true, logs: false, shell: true, file_access: false, exec: false }
metrics: { interval: 30s, include_per_cpu: false, include_docker_stats: false }
docker: { socket: unix:///run/user/1000/docker.sock, timeout: 1.5m, max_upload: 2GB }
terminals: { idle_timeout: 2h }
shell: { account: deploy, socket: /run/shell.sock }
security: { scopes: managed, denied_paths: [/srv/secret/], allowed_paths: [], blocked_commands: [] }
logging: { level: debug, file: /var/log/a.log, max_size: 1.5 MiB, max_backups: 0 }
`,
  );
  expect(config).toEqual({
    file: 'agent.yaml',
    server: {
      url: 'wss://serverkit.example.com/agent/ws',
      insecure: true,
      caFile: '/etc/ca.pem',
      caSha256: `aa${'bb'.repeat(30)}cc`,
      reconnectIntervalMs: 5000,
      maxReconnectIntervalMs: 300_000,
    },
    agent: { id: 'agt_1', name: 'web', stateDir: '/srv/state' },
    auth: { keyFile: '/srv/key' },
    disabledFeatures: new Set(['docker', 'logs']),
    metrics: { intervalMs: 30_000, includePerCpu: false, includeDockerStats: false },
    docker: { socket: '/run/user/1000/docker.sock', timeoutMs: 90_000, maxUploadBytes: 2 * 1024 ** 3 },
    stacks: { folder: '/srv/state/stacks', scratch: '/srv/state' },
    terminals: { idleTimeoutMs: 7_200_000 },
    shell: { account: 'deploy', socket: '/run/shell.sock' },
    security: { scopes: 'managed', deniedPaths: ['/srv/secret/'], openPaths: [] },
    logging: { level: 'debug', file: '/var/log/a.log', maxSizeBytes: 1.5 * 1024 * 1024, maxBackups: 0 },
  });
});

test('tells every problem at once, each with its line', () => {
  expect(
    problems(`server:
  url: ftp://example.com
  urll: https://example.com
docker:
  timeout: 5
  socket: docker.sock
mertics:
  interval: 10s
security:
  scopes:
    - docker:*
    - docker:everything
`),
  ).toEqual([
    'agent.yaml:2: server.url must begin with https:// or wss://, not ftp://',
    'agent.yaml:3: unknown key "server.urll"',
    'agent.yaml:5: docker.timeout must be a duration such as 30s, 5m or 1h, not 5',
    'agent.yaml:6: docker.socket must be the absolute path of Docker\'s socket, not "docker.sock"',
    'agent.yaml:7: unknown section "mertics"',
    'agent.yaml:11: security.scopes holds "docker:everything", which is not a scope; see serverkit-agent config allow --help',
  ]);
});

test.each([
  ['shell: { account: "root; id" }', /shell\.account must be the name of an account/],
  ['terminals: { idle_timeout: 5s }', /terminals\.idle_timeout must be between 1m and 24h/],
  ['features: { exec: true }', /features\.exec can only be false in this version/],
  ['features: { file_access: true }', /features\.file_access can only be false/],
  ['features: { metrics_interval: 10s }', /is called metrics\.interval/],
  ['metrics: { enabled: true }', /is called features\.metrics/],
  ['metrics: { interval: 7s }', /between 10s and 1m/],
  ['metrics: { interval: 25s }', /must be 10s, 20s, 30s or 60s/],
  ['security: { blocked_commands: ["rm"] }', /can only be \[\]/],
  ['security: { max_exec_timeout: 300s }', /does not apply/],
  ['security: { scopes: all }', /must be a list/],
  ['security: { denied_paths: [data] }', /must be an absolute path/],
  ['server: { ping_interval: 30s }', /fixed at 10s by the protocol/],
  ['server: { url: "https://u:p@example.com" }', /must not hold a user name or password/],
  ['server: { insecure: yes please }', /must be true or false/],
  ['server: { ca_sha256: abc }', /64 hex digits/],
  ['logging: { compress: true }', /does not apply/],
  ['logging: { max_size: 1KB }', /between 64KB and 10GB/],
  ['logging: { max_backups: 1.5 }', /whole number/],
  ['logging: { level: loud }', /debug, info, warn, error/],
  ['docker: [a]', /docker must be a section/],
  ['docker: { socket: { path: /x } }', /must be a plain value/],
  ['just text', /sections such as "server:"/],
  ['server: *anchor', /agent\.yaml:1/],
  ['server:\n  url: a\n  url: b', /agent\.yaml:3/],
  ['server: {', /agent\.yaml:1/],
  ['a: !!js/function x', /agent\.yaml:1/],
])('refuses what it cannot obey: %s', (yaml, message) => {
  expect(problems(yaml).join('\n')).toMatch(message);
});

test('a missing file is told as what to do about it', async () => {
  await using dir = await tempDir();
  expect(() => loadConfig(dir.file('none'), true)).toThrow(/register this server first/);
  await writeFile(dir.file('file'), '');
  expect(() => loadConfig(dir.file('file', 'below'), true)).toThrow(/cannot be read \(ENOTDIR\)/);
});
