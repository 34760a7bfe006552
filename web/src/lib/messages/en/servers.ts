import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');

export const status = {
  ONLINE: 'Online',
  CONNECTING: 'Connecting',
  OFFLINE: 'Offline',
  ERROR: 'Error',
  MAINTENANCE: 'Maintenance',
  PENDING: 'Pending',
};

export const metrics = {
  title: 'Metrics',
  cpu: 'CPU',
  memory: 'Memory',
  memoryShort: 'Mem',
  disk: 'Disk',
  network: 'Network',
  read: 'Read',
  write: 'Write',
  received: 'In',
  sent: 'Out',
  noData: 'no data',
  noneYet: 'No numbers in this range yet',
  range: 'Time range',
  ranges: { '15m': '15 m', '1h': '1 h', '24h': '24 h', '7d': '7 d' },
  load: (load: string) => `load ${load}`,
  of: (used: string, total: string) => `${used} of ${total}`,
  full: (path: string, share: string) => `${path} ${share} full`,
};

export const servers = {
  runningOf: (running: number, total: number) =>
    `${formats.number(running)} of ${formats.number(total)} running`,
  add: 'Add server',
  asGrid: 'Grid',
  asOf: 'as of',
  asTable: 'Table',
  columns: {
    cpu: 'CPU',
    memory: 'Memory',
    disk: 'Disk',
    containers: 'Containers',
    os: 'System',
    address: 'Address',
    agent: 'Agent',
    group: 'Group',
    tags: 'Tags',
    lastSeen: 'Last seen',
  },
  create: 'Create server',
  description: 'Description',
  local: 'this server',
  name: 'Name',
  nameHint: 'As you call it, such as web-1.',
  neverJoined: 'No agent has joined yet.',
  noMatchText: 'No server fits these filters.',
  noNumbers: 'No numbers yet.',
  none: 'No servers yet',
  noneText:
    'Add the first one: name it, choose what ServerKit may do there, and paste one line into its shell.',
  pick: (name: string) => `Server ${name}: choose another`,
  search: 'Search servers',
  shown: (shown: number, total: number) =>
    shown === total
      ? count(total, { one: 'server', other: 'servers' })
      : `${formats.number(shown)} of ${formats.number(total)}`,
  sort: {
    worst: 'Worst first',
    name: 'Name',
    cpu: 'CPU',
    memory: 'Memory',
    disk: 'Disk',
    containers: 'Containers',
    lastSeen: 'Last seen',
  },
  status: 'Status',
  steps: ['Details', 'Permissions', 'Install'] as readonly string[],
  tags: 'Tags',
  tagsHint: 'Press Enter after each, such as production or eu-west.',
};

export const facts = {
  hostname: 'Host name',
  kernel: 'Kernel',
  cpu: 'Processor',
  cores: (cores: number, arch: string) => `${count(cores, { one: 'core', other: 'cores' })}, ${arch}`,
  memory: 'Memory',
  disk: 'Disks',
  addresses: 'Addresses',
  timezone: 'Time zone',
  noDocker: 'not there',
  yes: 'yes',
};

export const server = {
  agent: (version: string) => `agent ${version}`,
  agentRestarting: 'The agent is restarting.',
  beginMaintenance: 'Begin maintenance',
  danger: 'Danger zone',
  delete: 'Delete server',
  deleteText:
    'Its metrics, history and settings are lost and its agent is cut off. The machine itself and its containers are not touched.',
  deleteTitle: (name: string) => `Delete ${name}?`,
  deleted: (name: string) => `${name} was deleted.`,
  endMaintenance: 'End maintenance',
  general: 'General',
  goneText: 'It may have been deleted.',
  goneTitle: 'There is no such server',
  inMaintenance: 'Maintenance began.',
  joinNow: 'Show how to join it.',
  maintenance: 'Maintenance',
  maintenanceText: 'Shown as such, and its problems are expected.',
  needsAgent: 'The agent is offline.',
  notGranted: (scope: string) =>
    `This server does not allow it (${scope}). Change its permissions in the settings.`,
  offlineText: (name: string, since: string | null) =>
    `The agent on ${name} is offline${since === null ? '' : `; it was last seen ${since}`}. What you see is the last known state. Start it with: systemctl start serverkit-agent`,
  open: 'Open server',
  outOfMaintenance: 'Maintenance ended.',
  pendingText: (name: string) => `No agent has joined ${name} yet.`,
  ping: 'Ping',
  pinged: (ms: string) => `The agent answered in ${ms} ms.`,
  restartAgent: 'Restart agent',
  revoke: 'Revoke agent',
  revokeText:
    'Forgets the agent’s key and cuts it off at once. The server stays; it can be joined again with a new token.',
  revokeTitle: (name: string) => `Revoke the agent of ${name}?`,
  revoked: 'The agent was revoked.',
  tabs: 'About this server',
  up: (duration: string) => `up ${duration}`,
};

export const links = {
  title: 'Connections',
  text: 'When the agent was linked, from where, and why it ended.',
  none: 'The agent has never connected.',
  since: 'Since',
  from: 'From',
  agent: 'Agent',
  ended: 'Ended',
  open: 'Connected',
  code: (code: number) => `Closed with code ${code}`,
  after: (duration: string) => `after ${duration}`,
};
