import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');
const containers_ = (containers: number) => count(containers, { one: 'container', other: 'containers' });
const volumes_ = (many: number) => count(many, { one: 'volume', other: 'volumes' });
const networks_ = (many: number) => count(many, { one: 'network', other: 'networks' });

export const docker = {
  allServers: 'All servers',
  away: 'This server is away',
  awayText: 'What it has is not kept anywhere else. It shows as soon as its agent is back.',
  create: 'Create',
  createdAt: 'Created',
  driver: 'Driver',
  driverHint: 'Any other than the usual one takes the right to privileged containers.',
  keptReason: (name: string, reason: string) => `${name} stays: ${reason}`,
  labels: 'Labels',
  labelsHint: 'One per line: key=value',
  look: 'Inspect',
  noMatchText: 'Nothing fits these filters.',
  no: 'no',
  onServer: (server: string, text: string) => `${server}: ${text}`,
  options: 'Driver options',
  prune: 'Clean up…',
  pruneNothing: 'There is nothing to remove.',
  pruneNow: 'Remove all of these',
  removeAsk: 'Remove…',
  remove: 'Remove',
  scope: 'Scope',
  serverAway: (name: string, status: string) => `${name} (${status.toLowerCase()})`,
  servers: (servers: number) => count(servers, { one: 'server', other: 'servers' }),
  sort: { name: 'Name', newest: 'Newest', worst: 'Worst first', server: 'Server' },
  stopped: 'stopped',
  unanswered: (server: string) => `What ${server} has is missing here.`,
  use: 'Use',
  usedBy: containers_,
  users: 'Used by',
  uses: { USED: 'In use', UNUSED: 'Not in use' },
  yes: 'yes',
};

export const volumes = {
  all: 'All volumes',
  anonymous: 'without a name',
  browse: 'Browse files',
  created: (name: string) => `The volume ${name} was made.`,
  createText: 'A folder that containers keep their files in, and that outlives them.',
  createTitle: 'Create a volume',
  filesOf: (name: string) => `Files of ${name}`,
  mountpoint: 'On the server',
  named: 'Those that were given a name as well',
  none: 'No volumes',
  noneText: 'Create one, or start a container that wants one.',
  optionsHint:
    'One per line: key=value. Whatever mounts a folder or a network drive takes the right to privileged containers.',
  pruned: (many: number, size: string) => `${volumes_(many)} removed, ${size} freed.`,
  pruneSum: (many: number, size: string) => `${volumes_(many)}, ${size}`,
  pruneText: 'What no container uses, not even a stopped one. Their files are lost for good.',
  pruneTitle: 'Clean up volumes',
  measure: 'Measure sizes',
  readOnly: 'read only',
  removed: (name: string) => `The volume ${name} was removed.`,
  removeText: (server: string) => `All files in it on ${server} are lost for good.`,
  removeTitle: (name: string) => `Remove the volume ${name}?`,
  search: 'Search volumes',
  shown: (shown: number, total: number) =>
    shown === total ? volumes_(total) : `${formats.number(shown)} of ${formats.number(total)}`,
  size: 'Size',
};

export const networks = {
  addresses: 'Addresses',
  aliases: 'Other names',
  aliasesHint: 'Containers of this network find it by them; separated by commas.',
  attachable: 'Open to single containers (clusters)',
  attachableFact: 'Open to single containers',
  builtIn: 'Docker’s own',
  connect: 'Connect',
  connectAsk: 'Connect a container…',
  connected: (container: string, network: string) => `${container} is in ${network} now.`,
  connectText: 'It can be reached by the others in there at once.',
  connectTitle: (network: string) => `Connect a container to ${network}`,
  container: 'Container',
  created: (name: string) => `The network ${name} was made.`,
  createText: 'Containers in the same network reach each other by name.',
  createTitle: 'Create a network',
  disconnect: 'Disconnect',
  disconnected: (container: string, network: string) => `${container} is no longer in ${network}.`,
  gateway: 'Gateway',
  internal: 'No way out: nothing beyond this network is reached',
  internalFact: 'Internal',
  internalShort: 'internal',
  ipRange: 'Range of addresses',
  ipv4: 'Address',
  ipv4Hint: 'Left empty, the network chooses.',
  ipv6: 'IPv6 addresses as well',
  none: 'No networks',
  noneText: 'Create one for containers that belong together.',
  optionsHint:
    'One per line: key=value. Beyond MTU and traffic between containers they take the right to privileged containers.',
  pruned: (many: number) => `${networks_(many)} removed.`,
  pruneSum: (many: number) => networks_(many),
  pruneText: 'Networks that no container is in, not even a stopped one.',
  pruneTitle: 'Clean up networks',
  removed: (name: string) => `The network ${name} was removed.`,
  removeText: (server: string) => `Nothing on ${server} can join it any more.`,
  removeTitle: (name: string) => `Remove the network ${name}?`,
  search: 'Search networks',
  shown: (shown: number, total: number) =>
    shown === total ? networks_(total) : `${formats.number(shown)} of ${formats.number(total)}`,
  subnet: 'Subnet',
  subnetHint: 'Such as 172.28.0.0/16; left empty, Docker chooses.',
};

export const dockerEvents = {
  missed: (many: number) =>
    `${count(many, { one: 'event', other: 'events' })} came faster than they could be shown.`,
  none: 'Nothing has happened yet',
  noneText: 'Whatever Docker does from now on shows here at once.',
  search: 'Search events',
  shown: (shown: number, total: number) =>
    shown === total
      ? count(total, { one: 'event', other: 'events' })
      : `${formats.number(shown)} of ${formats.number(total)}`,
  type: 'About',
  types: { CONTAINER: 'Container', IMAGE: 'Image', NETWORK: 'Network', VOLUME: 'Volume' },
};
