import type { Found, Spec } from './spec.ts';

export const pullPolicies: Readonly<Record<string, Found['pull'] | undefined>> = {
  always: 'ALWAYS',
  missing: 'MISSING',
  if_not_present: 'MISSING',
  never: 'NEVER',
};

type Named<Value> = {
  [Name in keyof Spec]-?: Value extends NonNullable<Spec[Name]> ? Name : never;
}[keyof Spec];

export const texts: Readonly<Record<string, Exclude<Named<string>, undefined> | undefined>> = {
  user: 'user',
  working_dir: 'workingDir',
  hostname: 'hostname',
  domainname: 'domainname',
  mac_address: 'macAddress',
  pid: 'pidMode',
  ipc: 'ipcMode',
  uts: 'utsMode',
  userns_mode: 'usernsMode',
  cgroup: 'cgroupnsMode',
  cgroup_parent: 'cgroupParent',
  runtime: 'runtime',
};

export const lists: Readonly<Record<string, Exclude<Named<string[]>, undefined> | undefined>> = {
  cap_add: 'capAdd',
  cap_drop: 'capDrop',
  security_opt: 'securityOptions',
  group_add: 'groups',
  dns: 'dns',
  dns_search: 'dnsSearch',
  dns_opt: 'dnsOptions',
  volumes_from: 'volumesFrom',
};

export const flags: Readonly<Record<string, Exclude<Named<boolean>, undefined> | undefined>> = {
  tty: 'tty',
  stdin_open: 'interactive',
  init: 'init',
  read_only: 'readOnly',
  privileged: 'privileged',
};
