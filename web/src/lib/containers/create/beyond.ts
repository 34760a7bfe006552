import type { Spec } from './spec.ts';

/** A part of the form that may reach beyond the container. */
export const beyondNames = [
  'mounts',
  'networks',
  'privileged',
  'capAdd',
  'securityOptions',
  'devices',
  'gpus',
  'sysctls',
  'ulimits',
  'pidMode',
  'ipcMode',
  'utsMode',
  'usernsMode',
  'cgroupnsMode',
  'cgroupParent',
  'runtime',
  'volumesFrom',
  'logDriver',
] as const;
export type BeyondName = (typeof beyondNames)[number];

/** What every container has anyway (moby, oci/caps/defaults.go). */
const ownCapabilities = new Set(
  `AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID
   SYS_CHROOT`.split(/\s+/),
);
const ownUlimits = new Set(['core', 'fsize', 'nofile', 'nproc', 'stack']);
const logDrivers = new Set(['json-file', 'local', 'journald', 'none']);
const ownIpc = new Set(['none', 'private', 'shareable']);

const rules: Readonly<Record<BeyondName, (spec: Spec) => boolean>> = {
  mounts: ({ mounts }) => some(mounts, ({ kind }) => kind === 'BIND'),
  networks: ({ networks }) => some(networks, ({ name }) => name === 'host' || name.startsWith('container:')),
  privileged: ({ privileged }) => privileged ?? false,
  capAdd: ({ capAdd }) =>
    some(capAdd, (name) => !ownCapabilities.has(name.toUpperCase().replace(/^CAP_/, ''))),
  securityOptions: ({ securityOptions }) =>
    some(securityOptions, (option) => !/^no-new-privileges([:=]true)?$/.test(option)),
  devices: ({ devices }) => some(devices, () => true),
  gpus: ({ gpus }) => Boolean(gpus),
  sysctls: ({ sysctls }) =>
    some(sysctls, ({ key }) => !/^(net\.ipv4\.(ip_|ping_|tcp_)|kernel\.shm_rmid)/.test(key)),
  ulimits: ({ ulimits }) => some(ulimits, ({ name }) => !ownUlimits.has(name)),
  pidMode: ({ pidMode }) => Boolean(pidMode),
  ipcMode: ({ ipcMode }) => Boolean(ipcMode) && !ownIpc.has(ipcMode ?? ''),
  utsMode: ({ utsMode }) => Boolean(utsMode),
  usernsMode: ({ usernsMode }) => Boolean(usernsMode),
  cgroupnsMode: ({ cgroupnsMode }) => cgroupnsMode === 'host',
  cgroupParent: ({ cgroupParent }) => Boolean(cgroupParent),
  runtime: ({ runtime }) => Boolean(runtime),
  volumesFrom: ({ volumesFrom }) => some(volumesFrom, () => true),
  logDriver: ({ logDriver }) => Boolean(logDriver) && !logDrivers.has(logDriver ?? ''),
};

/**
 * What of it takes docker:containers:privileged, told before it is sent. The agent's own allow-list is stricter in
 * places and has the last word.
 */
export function beyond(spec: Spec): BeyondName[] {
  return beyondNames.filter((name) => rules[name](spec));
}

function some<One>(list: readonly One[] | null | undefined, test: (one: One) => boolean): boolean {
  return list?.some(test) ?? false;
}
