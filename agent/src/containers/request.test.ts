import { describe, expect, test } from 'vitest';
import { problemsOf } from '@serverkit/wire/container-rules.ts';
import type { ContainerSpec } from '@serverkit/wire/container-spec.ts';
import { requestOf } from './request.ts';

const spec = (given: Partial<ContainerSpec> = {}): ContainerSpec => ({ image: 'web:1', ...given });
const host = (given: Partial<ContainerSpec>) => requestOf(spec(given)).body['HostConfig'];

describe('a container in the words of the engine', () => {
  test('says nothing of what it was not told', () => {
    expect(requestOf(spec()).body).toEqual({
      Image: 'web:1',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: {},
    });
  });

  test('no entry point is one without words, or it would be the image’s', () => {
    expect(requestOf(spec({ entrypoint: [] })).body).toMatchObject({ Entrypoint: [''] });
    expect(requestOf(spec({ entrypoint: ['sh', '-c'] })).body).toMatchObject({ Entrypoint: ['sh', '-c'] });
  });

  test('a port that is published twice is exposed once', () => {
    const { body } = requestOf(
      spec({
        ports: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 80, hostPort: 8081, hostAddress: '127.0.0.1' },
          { containerPort: 53, protocol: 'udp' },
        ],
      }),
    );
    expect(body).toMatchObject({
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      HostConfig: {
        PortBindings: {
          '80/tcp': [
            { HostIp: '', HostPort: '8080' },
            { HostIp: '127.0.0.1', HostPort: '8081' },
          ],
          '53/udp': [{ HostIp: '', HostPort: '' }],
        },
      },
    });
  });

  test('its main network comes with it, the others are joined afterwards', () => {
    const { body, later } = requestOf(
      spec({
        networks: [
          { name: 'front', aliases: ['web'] },
          { name: 'back', ipv4Address: '10.1.1.2' },
        ],
      }),
    );
    expect(body).toMatchObject({
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: { EndpointsConfig: { front: { Aliases: ['web'] } } },
    });
    expect(later).toEqual([{ network: 'back', endpoint: { IPAMConfig: { IPv4Address: '10.1.1.2' } } }]);
  });

  test.each(['host', 'none', 'container:db'])('%s is no network to join', (name) => {
    const { body } = requestOf(spec({ networks: [{ name }] }));
    expect(body).not.toHaveProperty('NetworkingConfig');
    expect(body).toMatchObject({ HostConfig: { NetworkMode: name } });
  });

  test('policies, limits, checks and devices', () => {
    expect(host({ restartPolicy: { name: 'ON_FAILURE', maximumRetries: 3 } })).toEqual({
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    });
    expect(host({ limits: { memoryBytes: 1 << 26, cpus: 1.5, pids: 50 } })).toEqual({
      Memory: 1 << 26,
      NanoCpus: 1_500_000_000,
      PidsLimit: 50,
    });
    expect(host({ devices: [{ hostPath: '/dev/fuse' }], gpus: -1 })).toEqual({
      Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }],
      DeviceRequests: [{ Driver: '', Count: -1, Capabilities: [['gpu']] }],
    });
    expect(requestOf(spec({ healthcheck: { test: ['CMD', 'true'], intervalMs: 1500 } })).body).toMatchObject({
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1_500_000_000 },
    });
    expect(requestOf(spec({ healthcheck: { disabled: true } })).body).toMatchObject({
      Healthcheck: { Test: ['NONE'] },
    });
  });
});

describe('what is refused before the engine hears of it', () => {
  const paths = (given: Partial<ContainerSpec>) => problemsOf(spec(given)).map(({ path }) => path.join('.'));

  test.each<[string, Partial<ContainerSpec>]>([
    ['image', { image: 'web 1' }],
    ['image', { image: '--privileged' }],
    ['name', { name: '-web' }],
    ['environment.0.name', { environment: [{ name: 'A=B', value: '' }] }],
    [
      'environment.1.value',
      {
        environment: [
          { name: 'A', value: '' },
          { name: 'B', value: 'x\0' },
        ],
      },
    ],
    ['labels.0.key', { labels: [{ key: '', value: '' }] }],
    ['ports.0.containerPort', { ports: [{ containerPort: 0 }] }],
    ['ports.0.protocol', { ports: [{ containerPort: 1, protocol: 'http' }] }],
    ['ports.0.hostAddress', { ports: [{ containerPort: 1, hostAddress: 'web.example' }] }],
    ['mounts.0.source', { mounts: [{ kind: 'BIND', source: 'data', target: '/data' }] }],
    ['mounts.0.source', { mounts: [{ kind: 'BIND', target: '/data' }] }],
    ['mounts.0.source', { mounts: [{ kind: 'VOLUME', source: '/data', target: '/data' }] }],
    ['mounts.0.source', { mounts: [{ kind: 'TMPFS', source: 'x', target: '/data' }] }],
    ['mounts.0.target', { mounts: [{ kind: 'VOLUME', source: 'data', target: 'data' }] }],
    ['mounts.0.sizeBytes', { mounts: [{ kind: 'VOLUME', source: 'data', target: '/data', sizeBytes: 5 }] }],
    ['networks.0.name', { networks: [{ name: 'host' }, { name: 'front' }] }],
    ['networks.0.name', { networks: [{ name: 'container:db', aliases: ['x'] }] }],
    ['restartPolicy.maximumRetries', { restartPolicy: { name: 'ALWAYS', maximumRetries: 2 } }],
    ['autoRemove', { autoRemove: true, restartPolicy: { name: 'ALWAYS' } }],
    ['limits.memoryBytes', { limits: { memoryBytes: 1024 } }],
    ['limits.memorySwapBytes', { limits: { memorySwapBytes: 1 << 28 } }],
    ['limits.memoryReservationBytes', { limits: { memoryBytes: 1 << 26, memoryReservationBytes: 1 << 27 } }],
    ['limits.cpus', { limits: { cpus: 0 } }],
    ['healthcheck.test', { healthcheck: { test: ['true'] } }],
    ['healthcheck.disabled', { healthcheck: { disabled: true, retries: 1 } }],
    ['user', { user: 'a b' }],
    ['workingDir', { workingDir: 'srv' }],
    ['dns.0', { dns: ['example.org'] }],
    ['devices.0.permissions', { devices: [{ hostPath: '/dev/fuse', permissions: 'rr' }] }],
    ['ulimits.0.soft', { ulimits: [{ name: 'nofile', soft: 9, hard: 3 }] }],
    ['stopSignal', { stopSignal: 'TERM' }],
  ])('%s', (path, given) => {
    expect(paths(given)).toEqual([path]);
  });

  test('nothing of an ordinary one', () => {
    const given: Partial<ContainerSpec> = {
      image: 'registry.example:5000/team/web:1.2@sha256:' + 'a'.repeat(64),
      command: ['serve', '--port', '80', ''],
      networks: [{ name: 'front', aliases: ['web'] }],
      extraHosts: ['host.docker.internal:host-gateway'],
      limits: { memoryBytes: 1 << 26, memorySwapBytes: -1 },
      mounts: [{ kind: 'TMPFS', target: '/run', sizeBytes: 1024 }],
      ulimits: [{ name: 'memlock', soft: -1, hard: -1 }],
    };
    expect(paths(given)).toEqual([]);
  });
});
