import { describe, expect, test } from 'vitest';
import { hostPathsOf, judgeInspect, judgeRequest, networksOf, volumesOf } from './judge.ts';
import type { EngineDefaults } from './outside.ts';

const defaults: EngineDefaults = { runtime: 'runc', logDriver: 'json-file', cgroupNamespace: 'private' };

/** The options of a request with this HostConfig that are outside the list. */
const outside = (host: object) =>
  judgeRequest({ Image: 'web', HostConfig: host }, defaults).map(({ option }) => option);

const mount = (given: object) => ({
  Mounts: [{ Type: 'volume', Source: 'data', Target: '/data', ...given }],
});
const files = (bind: string) => ({ Binds: [bind] });
const local = (Options: object, Name = 'local') =>
  mount({ VolumeOptions: { DriverConfig: { Name, Options } } });

describe('what may be created by whoever may create containers', () => {
  test('an ordinary container with everything that stays inside it', () => {
    const body = {
      Image: 'web',
      Hostname: 'web',
      User: '1000:1000',
      Env: ['A=1'],
      Cmd: ['serve'],
      Entrypoint: ['/entry'],
      WorkingDir: '/srv',
      Labels: { a: 'b' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/cache': {} },
      Healthcheck: { Test: ['CMD', 'true'] },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      HostConfig: {
        PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
        RestartPolicy: { Name: 'unless-stopped' },
        Memory: 64 << 20,
        NanoCpus: 5e8,
        PidsLimit: 100,
        CapDrop: ['ALL'],
        ReadonlyRootfs: true,
        Init: true,
        Dns: ['1.1.1.1'],
        ExtraHosts: ['db:10.0.0.1'],
      },
      NetworkingConfig: {
        EndpointsConfig: { backend: { Aliases: ['web'], IPAMConfig: { IPv4Address: '10.1.1.1' } } },
      },
    };
    expect(judgeRequest(body, defaults)).toEqual([]);
  });

  test.each(['/proc', '/sys/fs/cgroup', '/data/../sys'])(
    'but a volume without a name over %s is not',
    (target) => {
      expect(judgeRequest({ Volumes: { '/cache': {}, [target]: {} } }, defaults)).toHaveLength(1);
    },
  );

  test.each<[string, object]>([
    ['capabilities that every container has', { CapAdd: ['NET_BIND_SERVICE', 'cap_chown'] }],
    ['no new privileges', { SecurityOpt: ['no-new-privileges', 'no-new-privileges:true'] }],
    ['a named volume', files('data:/data:ro')],
    ['an anonymous volume', files('/data')],
    ['a volume by mount', mount({ ReadOnly: true, VolumeOptions: { NoCopy: true } })],
    ['a volume in memory', local({ type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000' })],
    ['memory', { Tmpfs: { '/run': 'rw,noexec,size=64m' } }],
    ['memory by mount', { Mounts: [{ Type: 'tmpfs', Target: '/run', TmpfsOptions: { SizeBytes: 1024 } }] }],
    ['safe sysctls', { Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' } }],
    ['limits of its own', { Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 65_536 }] }],
    ['its own log settings', { LogConfig: { Type: 'local', Config: { 'max-size': '10m' } } }],
    ['the log driver that the engine has anyway', { LogConfig: { Type: 'json-file', Config: {} } }],
    ['the runtime that the engine has anyway', { Runtime: 'runc' }],
    ['namespaces of its own', { IpcMode: 'private', CgroupnsMode: 'private', PidMode: '', UTSMode: '' }],
    ['to be ended first when memory is short', { OomScoreAdj: 500 }],
    ['any other network', { NetworkMode: 'backend' }],
  ])('%s', (_what, host) => {
    expect(outside(host)).toEqual([]);
  });
});

describe('what takes docker:containers:privileged', () => {
  test.each<[string, string, object]>([
    ['all rights', 'Privileged', { Privileged: true }],
    ['all rights, oddly said', 'Privileged', { Privileged: 'true' }],
    ['processes of the host', 'PidMode', { PidMode: 'host' }],
    ['processes of another container', 'PidMode', { PidMode: 'container:db' }],
    ['memory of the host', 'IpcMode', { IpcMode: 'host' }],
    ['memory of another container', 'IpcMode', { IpcMode: 'container:db' }],
    ['the network of the host', 'NetworkMode', { NetworkMode: 'host' }],
    ['the network of another container', 'NetworkMode', { NetworkMode: 'container:db' }],
    ['a network namespace by path', 'NetworkMode', { NetworkMode: '/proc/1/ns/net' }],
    ['the name of the host', 'UTSMode', { UTSMode: 'host' }],
    ['the users of the host', 'UsernsMode', { UsernsMode: 'host' }],
    ['the control groups of the host', 'CgroupnsMode', { CgroupnsMode: 'host' }],
    ['a control group elsewhere', 'CgroupParent', { CgroupParent: '/system.slice' }],
    ['the control group of another container', 'Cgroup', { Cgroup: 'container:db' }],
    ['a capability', 'CapAdd', { CapAdd: ['CHOWN', 'SYS_ADMIN'] }],
    ['a capability in other letters', 'CapAdd', { CapAdd: ['cap_net_admin'] }],
    ['all capabilities', 'CapAdd', { CapAdd: ['ALL'] }],
    ['no seccomp', 'SecurityOpt', { SecurityOpt: ['seccomp=unconfined'] }],
    ['no apparmor', 'SecurityOpt', { SecurityOpt: ['no-new-privileges', 'apparmor:unconfined'] }],
    ['no labels', 'SecurityOpt', { SecurityOpt: ['label=disable'] }],
    ['new privileges', 'SecurityOpt', { SecurityOpt: ['no-new-privileges=false'] }],
    ['nothing masked', 'MaskedPaths', { MaskedPaths: [] }],
    ['less masked', 'MaskedPaths', { MaskedPaths: ['/proc/keys'] }],
    ['nothing read-only', 'ReadonlyPaths', { ReadonlyPaths: [] }],
    ['a device', 'Devices', { Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda' }] }],
    ['a rule for devices', 'DeviceCgroupRules', { DeviceCgroupRules: ['b 8:* rmw'] }],
    ['a graphics card', 'DeviceRequests', { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }],
    [
      'a device by its throttle',
      'BlkioDeviceReadBps',
      { BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }] },
    ],
    ['a device by its weight', 'BlkioWeightDevice', { BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 1 }] }],
    ['mounts of another container', 'VolumesFrom', { VolumesFrom: ['db'] }],
    ['environment of another container', 'Links', { Links: ['db:db'] }],
    ['another runtime', 'Runtime', { Runtime: 'nvidia' }],
    ['another isolation', 'Isolation', { Isolation: 'process' }],
    ['annotations', 'Annotations', { Annotations: { 'run.oci.keep_original_groups': '' } }],
    ['a folder of the host', 'Binds', files('/etc:/data:ro')],
    ['the root of the host', 'Binds', files('/:/host')],
    ['the Docker socket', 'Binds', files('/var/run/docker.sock:/var/run/docker.sock')],
    ['a path that is no name', 'Binds', files('../etc:/data')],
    ['a drive', 'Binds', files('C:\\data:/data')],
    ['a volume that propagates', 'Binds', files('data:/data:rshared')],
    ['too many parts', 'Binds', files('data:/data:ro:rw')],
    ['binds that are no list', 'Binds', { Binds: { 0: '/:/host' } }],
    ['a bind that is no text', 'Binds', { Binds: [['/:/host']] }],
    ['the files of the kernel covered', 'Binds', files('data:/tmp/../proc/sys')],
    ['a folder of the host by mount', 'Mounts', mount({ Type: 'bind', Source: '/etc' })],
    ['a pipe', 'Mounts', mount({ Type: 'npipe' })],
    ['an image as a mount', 'Mounts', mount({ Type: 'image', Source: 'web' })],
    ['a mount without a type', 'Mounts', { Mounts: [{ Source: '/etc', Target: '/data' }] }],
    ['a mount in other letters', 'Mounts', mount({ source: '/etc', type: 'bind' })],
    ['a path as the name of a volume', 'Mounts', mount({ Source: '/etc' })],
    ['propagation', 'Mounts', mount({ BindOptions: { Propagation: 'rshared' } })],
    ['a mount over the files of the kernel', 'Mounts', mount({ Target: '/sys' })],
    ['a volume that is a folder of the host', 'Mounts', local({ type: 'none', o: 'bind', device: '/etc' })],
    ['a volume that is a disk of the host', 'Mounts', local({ type: 'ext4', device: '/dev/sda1' })],
    ['a volume from the network', 'Mounts', local({ type: 'nfs', o: 'addr=10.0.0.1', device: ':/export' })],
    ['memory that is a folder of the host', 'Mounts', local({ type: 'tmpfs', device: 'tmpfs', o: 'bind' })],
    ['a volume of a plugin', 'Mounts', local({}, 'sshfs')],
    ['volumes of a plugin', 'VolumeDriver', { VolumeDriver: 'sshfs' }],
    ['memory with devices', 'Tmpfs', { Tmpfs: { '/run': 'dev' } }],
    ['memory over the files of the kernel', 'Tmpfs', { Tmpfs: { '/proc/scsi': '' } }],
    ['a sysctl', 'Sysctls', { Sysctls: { 'net.ipv4.ip_forward': '1' } }],
    ['a safe sysctl with more in it', 'Sysctls', { Sysctls: { 'net.ipv4.tcp_syncookies': '1\nkernel.x=1' } }],
    ['locked memory', 'Ulimits', { Ulimits: [{ Name: 'memlock', Soft: -1, Hard: -1 }] }],
    ['real-time priority', 'Ulimits', { Ulimits: [{ Name: 'rtprio', Soft: 99, Hard: 99 }] }],
    ['files without end', 'Ulimits', { Ulimits: [{ Name: 'nofile', Soft: -1, Hard: -1 }] }],
    [
      'a limit that is named twice',
      'Ulimits',
      { Ulimits: [{ Name: 'core', name: 'memlock', Soft: 0, Hard: 0 }] },
    ],
    ['real-time', 'CpuRealtimeRuntime', { CpuRealtimeRuntime: 950_000 }],
    ['a period of real-time', 'CpuRealtimePeriod', { CpuRealtimePeriod: 950_000 }],
    ['memory before others', 'OomScoreAdj', { OomScoreAdj: -900 }],
    ['memory whatever happens', 'OomKillDisable', { OomKillDisable: true }],
    ['storage options', 'StorageOpt', { StorageOpt: { 'dm.basesize': '1G' } }],
    ['a log that is sent away', 'LogConfig', { LogConfig: { Type: 'syslog', Config: {} } }],
    [
      'a log that reads files',
      'LogConfig',
      { LogConfig: { Type: 'json-file', Config: { 'splunk-capath': '/etc' } } },
    ],
    ['a log that is named twice', 'LogConfig', { LogConfig: { Type: 'local', type: 'syslog' } }],
    ['an option of tomorrow', 'Teleport', { Teleport: false }],
    ['an option in other letters', 'privileged', { privileged: true }],
  ])('%s', (_what, option, host) => {
    expect(outside(host)).toEqual([`HostConfig.${option}`]);
  });

  test('options in other places', () => {
    expect(judgeRequest({ hostConfig: { Privileged: true } }, defaults)).toEqual([
      { option: 'hostConfig', why: 'is not known to be harmless' },
    ]);
    const joining = (endpoint: object, name = 'backend') =>
      judgeRequest({ NetworkingConfig: { EndpointsConfig: { [name]: endpoint } } }, defaults).length;
    expect(joining({ DriverOpts: { 'com.docker.network.endpoint.sysctls': 'x' } })).toBe(1);
    expect(joining({}, 'host')).toBe(1);
    expect(joining({})).toBe(0);
    expect(judgeRequest({ NetworkingConfig: { Other: {} } }, defaults)).toHaveLength(1);
  });

  test('every one of several', () => {
    expect(outside({ Privileged: true, PidMode: 'host', CapAdd: ['CHOWN'] })).toEqual([
      'HostConfig.Privileged',
      'HostConfig.PidMode',
    ]);
  });

  test('a namespace that the engine does not give by default, and one that it does', () => {
    const shared = { HostConfig: { CgroupnsMode: 'host' } };
    expect(judgeRequest(shared, { ...defaults, cgroupNamespace: 'host' })).toEqual([]);
    expect(judgeRequest(shared, defaults)).toHaveLength(1);
    // Where everything runs in a sandbox, to ask for no sandbox is to ask for more.
    expect(judgeRequest({ HostConfig: { Runtime: 'runc' } }, { ...defaults, runtime: 'runsc' })).toHaveLength(
      1,
    );
  });
});

describe('a container that is there', () => {
  const inspected = (HostConfig: object, Mounts: object[] = [], Networks: object = {}) =>
    judgeInspect({ HostConfig, Mounts, NetworkSettings: { Networks } }, defaults).map(({ option }) => option);

  test('is inside although the engine prints more than it was asked', () => {
    const printed = { Runtime: 'runc', MaskedPaths: null, Devices: [], NewOption: null, ConsoleSize: [0, 0] };
    expect(
      inspected(printed, [{ Type: 'volume', Name: 'data', Source: '/var/lib/docker/volumes/data/_data' }]),
    ).toEqual([]);
    expect(inspected({}, [], { bridge: { NetworkID: 'x', NewField: '', DriverOpts: null } })).toEqual([]);
  });

  test('is inside wherever its log goes', () => {
    expect(inspected({ LogConfig: { Type: 'fluentd', Config: { address: 'unix:///x' } } })).toEqual([]);
  });

  test.each<[string, object, object[], object]>([
    ['HostConfig.Privileged', { Privileged: true }, [], {}],
    ['HostConfig.MaskedPaths', { MaskedPaths: [] }, [], {}],
    ['HostConfig.NewOption', { NewOption: 'on' }, [], {}],
    ['HostConfig.Annotations', { Annotations: { a: '' } }, [], {}],
    ['Mounts', {}, [{ Type: 'bind', Source: '/etc' }], {}],
    ['NetworkingConfig.EndpointsConfig', {}, [], { host: {} }],
  ])('is outside by its %s', (option, host, mounts, networks) => {
    expect(inspected(host, mounts, networks)).toEqual([option]);
  });
});

test('the volumes, networks and paths that a request names', () => {
  const body = {
    HostConfig: {
      Binds: ['data:/data', '/anonymous', '/srv/files:/files:ro'],
      Mounts: [
        { Type: 'volume', Source: 'more', Target: '/more' },
        { Type: 'bind', Source: '/etc', Target: '/etc' },
        {
          Type: 'volume',
          Target: '/x',
          VolumeOptions: { DriverConfig: { Options: { device: '/root', o: 'bind' } } },
        },
      ],
      Devices: [{ PathOnHost: '/dev/sda' }],
      NetworkMode: 'front',
    },
    NetworkingConfig: { EndpointsConfig: { back: {} } },
    Mounts: [{ Type: 'volume', Name: 'seen', Source: '/var/lib/docker/volumes/seen/_data' }],
  };
  expect(volumesOf(body)).toEqual(['data', 'more', 'seen']);
  expect(networksOf(body)).toEqual(['front', 'back']);
  expect(hostPathsOf(body)).toEqual([
    '/srv/files',
    '/etc',
    '/root',
    '/dev/sda',
    '/var/lib/docker/volumes/seen/_data',
  ]);
});
