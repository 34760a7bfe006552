import type { Failure } from '../api/failure.ts';
import type { ProblemCode } from '../generated/graphql.ts';
import { createFormats } from '../format.ts';
import { counter } from './count.ts';

/** The same shape with every text free: what another language has to fill. */
type Widened<Type> = Type extends string
  ? string
  : Type extends (...input: infer Input) => string
    ? (...input: Input) => string
    : Type extends readonly string[]
      ? readonly string[]
      : { readonly [Key in keyof Type]: Widened<Type[Key]> };

/** Texts looked up by a name that the API sends; a name without a text is shown as it is. */
type Lookup = Readonly<Record<string, string>>;

interface ProblemFacts {
  readonly subject?: string | null | undefined;
  readonly value?: number | null | undefined;
}

const count = counter('en');
const formats = createFormats('en');
const percent = (value: number | null | undefined) => formats.percent(value ?? 0);
const seconds = ({ details }: Failure) => Number(details['retryAfterSeconds'] ?? 0);
const serverOf = ({ details }: Failure) =>
  typeof details['serverName'] === 'string' ? `the agent on ${details['serverName']}` : 'the agent';
const sinceWhen = ({ details }: Failure) =>
  typeof details['since'] === 'string' ? ` since ${formats.dateTime(details['since'])}` : '';

const problems: Record<ProblemCode, (facts: ProblemFacts) => string> = {
  AGENT_OFFLINE: () => 'Agent offline',
  AGENT_ERROR: () => 'Agent cannot connect',
  CLOCK_SKEW: ({ value }) => `Clock off by ${formats.duration(Math.abs(value ?? 0) / 1000)}`,
  CONTAINER_RESTARTING: ({ subject }) => `${subject ?? 'A container'} keeps restarting`,
  CONTAINER_UNHEALTHY: ({ subject }) => `${subject ?? 'A container'} is unhealthy`,
  CPU_HIGH: ({ value }) => `CPU at ${percent(value)}`,
  DISK_FULL: ({ subject, value }) => `${subject ?? 'Disk'} ${percent(value)} full`,
  DOCKER_UNAVAILABLE: () => 'Docker does not answer',
  MEMORY_HIGH: ({ value }) => `Memory at ${percent(value)}`,
  REGISTRATION_EXPIRED: () => 'Join token expired unused',
};

const errors = {
  UNAUTHENTICATED: () => 'Your session ended. Sign in again.',
  PERMISSION_DENIED: ({ details }: Failure) =>
    typeof details['scope'] === 'string'
      ? `This needs the scope ${details['scope']}, which you do not hold. Ask an administrator.`
      : 'You may not do this. Ask an administrator.',
  CREDENTIALS_INVALID: () => 'That e-mail address and password do not fit. Check both and try again.',
  SETUP_CODE_INVALID: () => 'That is not the setup code. Copy it from the log of the first start.',
  SETUP_DONE: () => 'An administrator exists already. Sign in instead.',
  RATE_LIMITED: (failure: Failure) =>
    seconds(failure) > 0
      ? `Too many attempts. Try again in ${formats.duration(seconds(failure))}.`
      : 'Too many attempts. Wait a minute and try again.',
  ORIGIN_REFUSED: () =>
    'This address is not the one ServerKit is set up for. Open it at its PUBLIC_URL, or change that setting.',
  INPUT_INVALID: ({ message }: Failure) => message,
  QUERY_INVALID: () => 'This page and the server do not understand each other. Reload the page.',
  QUERY_TOO_COMPLEX: () => 'That is too much at once. Ask for less.',
  TOO_MANY_OPERATIONS: () => 'Too many things are under way at once. Close a tab or wait a moment.',
  SLOW_CONSUMER: () => 'This browser could not keep up, so the stream was stopped. Open it again to go on.',
  NOT_FOUND: () => 'It is not there any more. It may have been deleted; go back to the list.',
  CONFLICT: ({ message }: Failure) => message,
  TOKEN_INVALID: () => 'That registration token is not valid. Make a new one in the settings of the server.',
  TOKEN_EXPIRED: () => 'The registration token expired. Make a new one in the settings of the server.',
  TOKEN_USED: () => 'The registration token was used already. Make a new one in the settings of the server.',
  AGENT_OFFLINE: (failure: Failure) =>
    `Nothing was done, because ${serverOf(failure)} is offline${sinceWhen(failure)}. Start it with: systemctl start serverkit-agent`,
  AGENT_TIMEOUT: (failure: Failure) =>
    `There was no answer from ${serverOf(failure)} in time. Look at its state and try again.`,
  AGENT_REFUSED: ({ message }: Failure) =>
    `The agent refused: ${message} What it allows is set in the server's permissions and in the agent's own configuration.`,
  UNSUPPORTED_BY_AGENT: ({ message }: Failure) => message,
  AGENT_FAILED: () => 'The agent failed unexpectedly. Its own log on the server says why.',
  AGENT_PROTOCOL_ERROR: () => 'The agent answered something that makes no sense. Update it and try again.',
  DOCKER_UNAVAILABLE: () => 'Docker does not answer on this server. Start it with: systemctl start docker',
  DOCKER_ERROR: ({ message }: Failure) => `Docker refused: ${message}`,
  RESULT_TOO_LARGE: () => 'The answer is too large. Ask for less.',
  OUTCOME_UNKNOWN: () =>
    'The connection broke while it was carried out. Check its state before you try again.',
  CANCELLED: () => 'It was cancelled before anything was done.',
  UNAVAILABLE: () => 'ServerKit is starting or shutting down. Try again in a moment.',
  NETWORK: () =>
    'ServerKit cannot be reached. Check that it runs and that you are connected, then try again.',
  INTERNAL: ({ details }: Failure) =>
    typeof details['reference'] === 'string'
      ? `Something went wrong on our side. The log has it under ${details['reference']}.`
      : 'Something went wrong on our side. Try again; the log of ServerKit says more.',
};

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
};

const scopeGroups: Lookup = {
  docker: 'Docker',
  system: 'System',
  files: 'Files',
  backups: 'Backups',
  agent: 'Agent',
};

const auditActions: Lookup = {
  'agent.connect': 'Agent connects',
  'agent.register': 'Agent registers',
  'agent.restart': 'Restart the agent of',
  'agent.revoke': 'Revoke the agent of',
  'container.kill': 'Kill container',
  'container.pause': 'Pause container',
  'container.remove': 'Remove container',
  'container.rename': 'Rename container',
  'container.restart': 'Restart container',
  'container.start': 'Start container',
  'container.stop': 'Stop container',
  'container.unpause': 'Resume container',
  'server.create': 'Add server',
  'server.delete': 'Delete server',
  'server.regenerateToken': 'New join token for',
  'server.update': 'Change server',
  'session.revoke': 'End a session',
  'session.signIn': 'Sign in',
  'session.signOut': 'Sign out',
  'setup.complete': 'Set up ServerKit',
};

export const en = {
  errors,
  problems,

  common: {
    actions: 'Actions',
    back: 'Back',
    cancel: 'Cancel',
    clear: 'Clear',
    clearFilters: 'Clear filters',
    close: 'Close',
    columns: 'Columns',
    continue: 'Continue',
    copied: 'Copied',
    copy: 'Copy',
    copyFailed: 'The browser did not allow copying. Select the text and copy it by hand.',
    copyWhat: (what: string) => `Copy ${what}`,
    done: 'done',
    loading: 'Loading',
    messages: 'Messages',
    more: 'Show more',
    noMatch: 'Nothing matches',
    refresh: 'Refresh',
    remove: (what: string) => `Remove ${what}`,
    save: 'Save',
    saved: 'Saved.',
    select: (what: string) => `Select ${what}`,
    selectAll: 'Select all',
    sortBy: 'Sort by',
    tryAgain: 'Try again',
    view: 'View',
  },

  nav: {
    account: 'Account',
    audit: 'Audit',
    breadcrumb: 'Where you are',
    containers: 'Containers',
    main: 'Main navigation',
    open: 'Open navigation',
    overview: 'Overview',
    servers: 'Servers',
    sessions: 'Sessions',
    settings: 'Settings',
    signOut: 'Sign out',
    skip: 'Skip to content',
    user: 'Your account',
    version: (version: string) => `Version ${version}`,
  },

  live: {
    up: 'Live',
    down: 'Reconnecting',
    upHint: 'Live: what you see moves by itself. Click to reconnect.',
    downHint: 'The connection is gone; what you see stands still. Click to try now.',
    reconnect: 'Reconnect',
  },

  theme: { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' },

  palette: {
    open: 'Search and commands',
    hint: 'Search…',
    placeholder: 'Go to a server, container or page…',
    found: 'Matches',
    pages: 'Pages',
    actions: 'Actions',
    dark: 'Switch to the dark theme',
    light: 'Switch to the light theme',
  },

  shortcuts: {
    title: 'Keyboard shortcuts',
    search: 'Search on this page',
    goTo: (page: string) => `Go to ${page}`,
    close: 'Close what is open',
  },

  fault: {
    title: 'This page could not be opened',
    text: 'Something went wrong. Try again in a moment.',
    notFoundTitle: 'There is no such page',
    notFoundText: 'The address may be mistyped, or what it named is gone.',
  },

  roles: { ADMIN: 'Administrator', OPERATOR: 'Operator', VIEWER: 'Viewer' },

  signIn: {
    title: 'Sign in',
    text: 'Welcome back.',
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
  },

  setup: {
    title: 'Set up ServerKit',
    text: 'Make the first administrator. This is done once.',
    code: 'Setup code',
    codeHint: 'Printed in the log of the first start.',
    name: 'Name',
    passwordHint: (least: number) => `At least ${least} characters.`,
    submit: 'Create administrator',
  },

  status: {
    ONLINE: 'Online',
    CONNECTING: 'Connecting',
    OFFLINE: 'Offline',
    ERROR: 'Error',
    MAINTENANCE: 'Maintenance',
    PENDING: 'Pending',
  },

  metrics: {
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
    range: 'Time range',
    ranges: { '15m': '15 m', '1h': '1 h', '24h': '24 h', '7d': '7 d' },
    load: (load: string) => `load ${load}`,
    of: (used: string, total: string) => `${used} of ${total}`,
    full: (path: string, share: string) => `${path} ${share} full`,
  },

  overview: {
    summary: 'Summary',
    health: 'Server health',
    online: 'Online',
    ofServers: (total: number) => `of ${count(total, { one: 'server', other: 'servers' })}`,
    offline: 'Offline',
    containers: 'Containers running',
    ofContainers: (total: number) => `of ${formats.number(total)}`,
    problems: 'Problems',
    noProblems: 'Nothing is wrong.',
    moreProblems: (more: number) => `and ${formats.number(more)} more`,
    meanCpu: 'Mean CPU',
    meanMemory: 'Mean memory',
  },

  first: {
    title: 'What you can do next',
    watch: 'Watch this machine',
    watchText: (name: string) => `CPU, memory, disk and network of ${name}, second by second.`,
    containers: 'Look at its containers',
    containersText: 'Start, stop and restart them, and follow their logs.',
    add: 'Add another server',
    addText: 'Paste one line into its shell; it shows up here by itself.',
  },

  servers: {
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
    noProblem: 'No problem',
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
  },

  bulk: {
    title: 'Chosen servers',
    chosen: (chosen: number) => `${formats.number(chosen)} chosen`,
    maintain: 'Begin maintenance',
    resume: 'End maintenance',
    delete: 'Delete',
    deleteTitle: (chosen: number) => `Delete ${count(chosen, { one: 'server', other: 'servers' })}?`,
    deleted: (chosen: number) => `Deleted ${count(chosen, { one: 'server', other: 'servers' })}.`,
    maintained: (chosen: number) =>
      `Maintenance began on ${count(chosen, { one: 'server', other: 'servers' })}.`,
    resumed: (chosen: number) =>
      `Maintenance ended on ${count(chosen, { one: 'server', other: 'servers' })}.`,
  },

  permissions: {
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
  },

  install: {
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
  },

  join: {
    title: 'Agent registration',
    first: 'No agent has joined yet. Make a token and run the command on the server.',
    again:
      'A new token lets an agent join anew, after a reinstall for example. The one in place stays until then.',
    open: 'The token that was made is unused. It expires',
    used: (from: string) => `Joined from ${from}`,
    none: 'There is no token.',
    regenerate: 'New token',
  },

  links: {
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
  },

  facts: {
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
  },

  server: {
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
  },

  containers: {
    about: 'About',
    actionOn: {
      start: (name: string) => `Start ${name}`,
      stop: (name: string) => `Stop ${name}`,
      restart: (name: string) => `Restart ${name}`,
    },
    actions: {
      start: 'Start',
      stop: 'Stop',
      restart: 'Restart',
      pause: 'Pause',
      unpause: 'Resume',
      kill: 'Kill',
      killAsk: 'Kill…',
      rename: 'Rename',
      renameAsk: 'Rename…',
      remove: 'Remove',
      removeAsk: 'Remove…',
      logs: 'Logs',
    },
    actionsOf: (name: string) => `Actions for ${name}`,
    all: 'All containers',
    cpuNote: '100% is one core',
    details: 'Details',
    done: {
      start: (name: string) => `${name} was started.`,
      stop: (name: string) => `${name} was stopped.`,
      restart: (name: string) => `${name} was restarted.`,
      pause: (name: string) => `${name} was paused.`,
      unpause: (name: string) => `${name} goes on.`,
      kill: (name: string) => `${name} was killed.`,
      rename: (name: string) => `It is called ${name} now.`,
      remove: (name: string) => `${name} was removed.`,
    },
    exitedWith: (code: number) => `Exited (${code})`,
    facts: {
      command: 'Command',
      created: 'Created',
      entrypoint: 'Entrypoint',
      environment: 'Environment',
      exitCode: 'Exit code',
      finished: 'Ended',
      hostname: 'Host name',
      image: 'Image',
      limits: 'Limits',
      networks: 'Networks',
      ports: 'Ports',
      restartPolicy: 'Restart policy',
      started: 'Started',
      user: 'User',
      workingDir: 'Working directory',
    },
    failed: {
      start: (name: string) => `${name} was not started.`,
      stop: (name: string) => `${name} was not stopped.`,
      restart: (name: string) => `${name} was not restarted.`,
      pause: (name: string) => `${name} was not paused.`,
      unpause: (name: string) => `${name} was not resumed.`,
      kill: (name: string) => `${name} was not killed.`,
      rename: (name: string) => `${name} was not renamed.`,
      remove: (name: string) => `${name} was not removed.`,
    },
    goneText: 'It may have been removed.',
    goneTitle: 'There is no such container',
    id: 'the container’s id',
    killText: (server: string) =>
      `Its main process on ${server} gets the signal at once and cannot tidy up after SIGKILL.`,
    killTitle: (name: string) => `Kill ${name}?`,
    labels: 'Labels',
    lastKnown: 'Last known state, as of',
    limit: (limit: string) => `limit ${limit}`,
    limits: (cpus: string | null, memory: string | null) =>
      [cpus === null ? 'any CPU' : `${cpus} CPU`, memory === null ? 'any memory' : memory].join(', '),
    mounts: 'Mounts',
    name: 'Name',
    newName: 'New name',
    newNameHint: 'Letters, digits, dots, dashes and underscores.',
    noDocker: 'Docker is not there',
    noDockerText:
      'The agent sees no Docker on this server. Install and start it; the containers then appear by themselves.',
    noLabels: 'None.',
    noMatchText: 'No container fits these filters.',
    noMounts: 'None.',
    noStats: 'It is not running, so there is nothing to measure.',
    none: 'No containers',
    noneFleetText: 'They appear here as soon as a server with Docker runs one.',
    noneText: 'Start one with docker run, and it appears here by itself.',
    oomKilled: 'It was ended because it needed more memory than it may have.',
    pending: {
      start: 'Starting…',
      stop: 'Stopping…',
      restart: 'Restarting…',
      pause: 'Pausing…',
      unpause: 'Resuming…',
      kill: 'Killing…',
      rename: 'Renaming…',
      remove: 'Removing…',
    },
    ports: 'Ports',
    privileged: 'It is privileged: what runs in it has root on the host.',
    processes: (pids: number) => count(pids, { one: 'process', other: 'processes' }),
    readOnly: 'read only',
    removeText: (server: string, running: boolean) =>
      `${running ? 'It is running and will be stopped. ' : ''}Its files outside of volumes and its log on ${server} are lost.`,
    removeTitle: (name: string) => `Remove ${name}?`,
    removeVolumes: 'Remove its unnamed volumes too',
    renameTitle: (name: string) => `Rename ${name}`,
    restarts: (restarts: number) => `restarted ${count(restarts, { one: 'time', other: 'times' })}`,
    runningOf: (running: number, total: number) =>
      `${formats.number(running)} of ${formats.number(total)} running`,
    search: 'Search containers',
    server: 'Server',
    shown: (shown: number, total: number) =>
      shown === total
        ? count(total, { one: 'container', other: 'containers' })
        : `${formats.number(shown)} of ${formats.number(total)}`,
    signal: 'Signal',
    sort: {
      worst: 'Worst first',
      name: 'Name',
      server: 'Server',
      cpu: 'CPU',
      memory: 'Memory',
      created: 'Newest',
    },
    starting: 'Starting',
    state: 'State',
    states: {
      RUNNING: 'Running',
      PAUSED: 'Paused',
      RESTARTING: 'Restarting',
      CREATED: 'Created',
      EXITED: 'Exited',
      REMOVING: 'Removing',
      DEAD: 'Dead',
    },
    stats: 'Stats',
    status: 'Status',
    tabs: 'About this container',
    exited: (ago: string) => `Ended ${ago}`,
    unhealthy: 'Unhealthy',
    up: (duration: string) => `Up ${duration}`,
  },

  logs: {
    title: 'Logs',
    atMost: (most: number) => `${most} at most`,
    badRegex: 'Not a valid expression',
    clear: 'Empty the view',
    dropped: (dropped: string, kept: string) => `${dropped} older lines dropped; the last ${kept} are kept`,
    empty: 'Nothing has been written yet.',
    ended: 'The log ended.',
    follow: 'Follow',
    following: 'Following',
    fresh: (lines: number) => count(lines, { one: 'new line', other: 'new lines' }),
    hits: (hit: number, hits: number) =>
      hit > 0 ? `${formats.number(hit)} of ${formats.number(hits)}` : formats.number(hits),
    lines: (lines: number) => count(lines, { one: 'line', other: 'lines' }),
    matchCase: 'Match case',
    next: 'Next match',
    onlyHits: 'Show only matching lines',
    paused: 'Paused',
    pick: 'Containers',
    pickText: (most: number) => `Their logs run into one, in the order of time. Choose up to ${most}.`,
    pickTitle: 'Choose containers to follow',
    previous: 'Previous match',
    regex: 'Regular expression',
    save: 'Save as a file',
    search: 'Search this log',
    stderrMark: 'standard error:',
    stream: 'Streams',
    streams: { both: 'All output', STDOUT: 'Standard output', STDERR: 'Standard error' },
    timestamps: 'Show times',
    wrap: 'Wrap lines',
  },

  audit: {
    action: 'Action',
    actions: auditActions,
    actors: { USER: 'User', AGENT: 'Agent', SYSTEM: 'ServerKit', ANONYMOUS: 'Stranger' },
    address: 'From',
    code: 'Reason',
    duration: 'Took',
    everyOutcome: 'Every outcome',
    everyone: 'Everyone',
    everywhere: 'Every server',
    filter: 'Filter the audit log',
    noMatchText: 'No event fits these filters.',
    none: 'Nothing has happened yet',
    noneText: 'Every change and every refusal is written down here.',
    nouns: {
      '': 'Every action',
      server: 'Servers',
      container: 'Containers',
      session: 'Sessions',
      agent: 'Agents',
      setup: 'Setup',
      user: 'Users',
    },
    on: (server: string) => `on ${server}`,
    outcome: 'Outcome',
    outcomes: { OK: 'Done', REFUSED: 'Refused', FAILED: 'Failed' },
    parameters: 'Parameters',
    periods: {
      '': 'Any time',
      '1h': 'Last hour',
      '24h': 'Last 24 hours',
      '7d': 'Last 7 days',
      '30d': 'Last 30 days',
    },
    target: 'Target',
    what: 'What',
    when: 'When',
    where: 'Where',
    who: 'Who',
  },

  account: {
    address: 'Address',
    encryption: 'Encryption',
    installation: 'This installation',
    language: 'Language',
    look: 'Appearance',
    noTls: 'none: for this machine only',
    role: 'Role',
    roleText: {
      ADMIN: 'may do everything',
      OPERATOR: 'may run servers and containers',
      VIEWER: 'may look, not change',
    },
    started: 'Running since',
    version: 'Version',
    you: 'You',
  },

  sessions: {
    current: 'this browser',
    revoke: 'End session',
    revokeText: (browser: string, address: string) => `${browser} at ${address} is signed out at once.`,
    revokeTitle: 'End this session?',
    revoked: 'The session was ended.',
    since: (date: string) => `since ${date}`,
    text: 'Browsers that are signed in as you. End those you do not know.',
    unknown: 'Unknown browser',
    used: 'used',
  },
};

export type Messages = Widened<typeof en>;
