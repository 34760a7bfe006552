import type { Lookup } from '../types.ts';
import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');

const scopes: Lookup = {
  'docker:containers:read': 'See containers, their logs and numbers',
  'docker:containers:write': 'Start, stop, rename and remove containers',
  'docker:containers:exec': 'Run commands inside containers',
  'docker:containers:privileged': 'Create containers with full access to the host',
  'docker:images:read': 'See images',
  'docker:images:write': 'Pull, build and remove images',
  'docker:compose:read': 'See stacks',
  'docker:compose:write': 'Deploy and remove stacks',
  'docker:volumes:read': 'See volumes',
  'docker:volumes:write': 'Create and remove volumes',
  'docker:networks:read': 'See networks',
  'docker:networks:write': 'Create and remove networks',
  'system:metrics:read': 'See CPU, memory, disk and network',
  'system:processes:read': 'See processes',
  'system:processes:kill': 'End processes',
  'system:services:read': 'See services',
  'system:services:write': 'Start and stop services',
  'system:logs:read': 'Read system logs',
  'system:exec': 'Run any command on the host',
  'system:terminal': 'Open a terminal on the host',
  'system:provision': 'Install runtimes and databases',
  'files:read': 'Read files',
  'files:write': 'Change files',
  'backups:read': 'See backups',
  'backups:write': 'Make backups',
  'backups:restore': 'Restore backups over what is there',
  'agent:restart': 'Restart the agent',
  'agent:update': 'Replace the agent by another version',
  'servers:read': 'See servers',
  'servers:write': 'Change, group and delete servers',
  'servers:register': 'Add servers and join agents',
  'users:read': 'See people',
  'users:write': 'Invite, change and disable people',
  'audit:read': 'Read and export the audit log',
  'settings:write': 'Change the settings of this installation',
  'secrets:use': 'Put secrets into containers, and so read them',
  'secrets:write': 'Keep, replace and remove secrets',
};

const scopeGroups: Lookup = {
  docker: 'Docker',
  system: 'System',
  files: 'Files',
  backups: 'Backups',
  agent: 'Agent',
  servers: 'Servers',
  users: 'People',
  audit: 'Audit',
  settings: 'Settings',
  secrets: 'Secrets',
};

export const permissions = {
  title: 'Permissions',
  text: 'The most that anyone can do on this server through ServerKit. The agent keeps its own copy, which only the host can widen.',
  profile: 'Permission profile',
  profiles: {
    DOCKER_MANAGER: {
      name: 'Docker manager (recommended)',
      text: 'Run containers, images, stacks, volumes and networks; see metrics and logs.',
      risk: '',
    },
    DOCKER_READONLY: {
      name: 'Read only',
      text: 'See containers, their logs and the metrics. Nothing can be changed.',
      risk: '',
    },
    FULL_ACCESS: {
      name: 'Full access',
      text: 'Everything, terminals, commands and files included.',
      risk: 'Whoever controls ServerKit then has root on this server.',
    },
    CUSTOM: { name: 'Custom', text: 'Choose each permission by itself, below.', risk: '' },
  },
  single: 'Single permissions',
  count: (granted: number, all: number) => `${formats.number(granted)} of ${formats.number(all)} granted`,
  groups: scopeGroups,
  scopes,
  risky: 'high risk',
  riskyGranted: (risky: number) =>
    `${count(risky, { one: 'permission amounts', other: 'permissions amount' })} to root on the server or can destroy data.`,
  local:
    'This is the machine ServerKit itself runs on, beside its keys. More permissions here mean more harm if an account is stolen.',
  withheld: (withheld: number) =>
    `The agent's own configuration withholds ${count(withheld, { one: 'permission', other: 'permissions' })}:`,
  withheldNext: 'To allow them, run on the host: serverkit-agent config allow <scope>',
  confirm: 'Change permissions',
  confirmTitle: (name: string) => `Change what ServerKit may do on ${name}?`,
  confirmText: 'Takes effect at once; what is under way and no longer allowed is ended.',
  confirmLocal:
    'This server holds the keys of ServerKit. Whoever may use Docker or commands here can reach them, and with them every other server.',
};

export const install = {
  title: (name: string) => `Install the agent on ${name}`,
  text: 'Run one of these on the server. It dials out to ServerKit, so no port has to be opened there.',
  way: 'How to install',
  ways: {
    linux: {
      name: 'Linux',
      text: 'In a root shell. Works on a bare system; nothing has to be installed before.',
    },
    docker: { name: 'Docker', text: 'Runs the agent as a container that manages its host’s Docker.' },
    manual: { name: 'Manual', text: 'For a machine that has the agent already.' },
    windows: { name: 'Windows', text: 'In PowerShell, as administrator.' },
  },
  command: 'the command',
  token: 'the token',
  showToken: 'Show the token alone',
  expires: 'Expires',
  once: 'Works once, and is not shown again.',
  waiting: 'Waiting for the agent…',
  waitingHint: 'This turns by itself as soon as it connects.',
  connected: (name: string) => `${name} is connected.`,
  impossible: 'Other machines cannot reach ServerKit yet.',
  laterText: 'The server is saved. Once that is changed, make a new token in its settings.',
  reasons: {
    LOOPBACK_ONLY:
      'It listens on this machine only. Start it with HOST=0.0.0.0 and set PUBLIC_URL to an address they can reach.',
    PUBLIC_URL_LOOPBACK:
      'PUBLIC_URL names this machine only. Set it to an address that other machines can reach.',
    PUBLIC_URL_REQUIRED:
      'ServerKit does not know the address that others reach it by. Set PUBLIC_URL to it and start again.',
    TLS_REQUIRED:
      'Agents do not dial an address without encryption. Set TLS_CERT and TLS_KEY, or let ServerKit make its own certificate.',
  },
};

export const join = {
  title: 'Agent registration',
  first: 'No agent has joined yet. Make a token and run the command on the server.',
  again:
    'A new token lets an agent join anew, after a reinstall for example. The one in place stays until then.',
  open: 'The token that was made is unused. It expires',
  used: (from: string) => `Joined from ${from}`,
  none: 'There is no token.',
  regenerate: 'New token',
};
