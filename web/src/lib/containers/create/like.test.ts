import { expect, test } from 'vitest';
import { likeContainer, type Like } from './like.ts';

const image = {
  Config: {
    Cmd: ['serve'],
    Env: ['PATH=/bin', 'LANG=C'],
    Labels: { maker: 'us' },
    User: 'app',
    Healthcheck: { Test: ['CMD', 'true'] },
  },
};

const plain = {
  Id: 'abcdef0123456789',
  Config: {
    ...image.Config,
    Image: 'shop:1',
    Hostname: 'abcdef012345',
    Labels: { maker: 'us', 'com.docker.compose.project': 'p' },
  },
  // As the engine fills it in.
  HostConfig: {
    NetworkMode: 'bridge',
    PortBindings: {},
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    LogConfig: { Type: 'json-file', Config: {} },
    IpcMode: 'private',
    CgroupnsMode: 'private',
    Runtime: 'runc',
    ShmSize: 67_108_864,
    ConsoleSize: [0, 0],
    MaskedPaths: ['/proc/kcore'],
    ReadonlyPaths: ['/proc/bus'],
    PidsLimit: null,
    OomKillDisable: false,
    Isolation: '',
    BlkioWeightDevice: [],
  },
  NetworkSettings: { Networks: { bridge: {} } },
};

const like = (
  inspect: object,
  { environment = [], publishedPorts = true }: Partial<Pick<Like, 'environment' | 'publishedPorts'>> = {},
) =>
  likeContainer({
    inspect: JSON.stringify(inspect),
    image: JSON.stringify(image),
    environment,
    name: 'copy',
    publishedPorts,
    start: true,
  });

test('what nobody chose is not in the form: what came with the image, and what the engine filled in', () => {
  const environment = [
    { name: 'PATH', value: '/bin' },
    { name: 'LANG', value: 'C' },
  ];
  expect(like(plain, { environment })).toEqual({
    spec: { image: 'shop:1', name: 'copy' },
    start: true,
    pull: 'MISSING',
    left: [],
    kept: [],
  });
});

test('variables whose values are masked are kept by name, and those of secrets refer to them again', () => {
  const environment = [
    { name: 'MODE', value: 'prod' },
    { name: 'DB_PASSWORD', value: null },
    { name: 'TOKEN', value: null, secret: 'shop-token' },
  ];
  const { spec, kept } = like(plain, { environment });
  expect(spec.environment).toEqual([{ name: 'MODE', value: 'prod' }]);
  expect(spec.secretVariables).toEqual([{ name: 'TOKEN', secret: 'shop-token' }]);
  expect(kept).toEqual(['DB_PASSWORD']);
});

test('what was chosen stands in the form', () => {
  const { spec, left } = like({
    ...plain,
    Config: {
      ...plain.Config,
      Cmd: ['serve', '--fast'],
      User: '1000',
      Labels: { ...plain.Config.Labels, team: 'web' },
      Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 5e9, Retries: 2 },
    },
    HostConfig: {
      ...plain.HostConfig,
      NetworkMode: 'front',
      PortBindings: {
        '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
        '53/udp': [{ HostIp: '', HostPort: '' }],
      },
      Binds: ['data:/data:ro', '/etc/app:/etc/app:z'],
      Mounts: [{ Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1024 } }],
      Memory: 1 << 26,
      MemorySwap: 1 << 27,
      NanoCpus: 5e8,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      CapDrop: ['ALL'],
      OomScoreAdj: 100,
      LogConfig: { Type: 'splunk', Config: { 'splunk-token': '***', tag: 'shop' } },
    },
    NetworkSettings: { Networks: { back: {}, front: {} } },
  });
  expect(spec).toEqual({
    image: 'shop:1',
    name: 'copy',
    command: ['serve', '--fast'],
    user: '1000',
    labels: [{ key: 'team', value: 'web' }],
    healthcheck: { test: ['CMD-SHELL', 'curl -f localhost'], intervalMs: 5_000, retries: 2 },
    networks: [{ name: 'front' }, { name: 'back' }],
    ports: [
      { containerPort: 80, hostPort: 8080, hostAddress: '127.0.0.1' },
      { containerPort: 53, protocol: 'udp' },
    ],
    mounts: [
      { kind: 'VOLUME', source: 'data', target: '/data', readOnly: true },
      { kind: 'BIND', source: '/etc/app', target: '/etc/app' },
      { kind: 'TMPFS', target: '/tmp', sizeBytes: 1024 },
    ],
    limits: { memoryBytes: 1 << 26, cpus: 0.5 },
    restartPolicy: { name: 'ON_FAILURE', maximumRetries: 3 },
    capDrop: ['ALL'],
    logDriver: 'splunk',
    logOptions: [{ key: 'tag', value: 'shop' }],
  });
  expect(left).toEqual(['OomScoreAdj', 'LogConfig splunk-token', '/etc/app:/etc/app:z']);
});

test('the same ports are published only where that is asked for, and files from secrets are asked for by name', () => {
  const references = {
    variables: [],
    files: [{ secret: 'key', path: '/run/secrets/key', mode: 256, uid: null, gid: null }],
  };
  const { spec } = like(
    {
      ...plain,
      Config: { ...plain.Config, Labels: { 'io.serverkit.secrets': JSON.stringify(references) } },
      HostConfig: { ...plain.HostConfig, PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] } },
    },
    { publishedPorts: false },
  );
  expect(spec).toEqual({ image: 'shop:1', name: 'copy', secretFiles: references.files });
});
