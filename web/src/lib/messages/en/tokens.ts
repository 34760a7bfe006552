import { counter } from '../count.ts';

const count = counter('en');

export const tokens = {
  title: 'API tokens',
  text: 'What scripts and tools sign in with. A token may do what it was given, and never more than you may yourself.',
  create: 'New token',
  graphiql: 'Try the API',
  none: 'No tokens yet',
  noneText:
    'Make one for each script or tool, with as little as it needs. It is shown once; revoking it ends what it does at once.',
  whose: 'Whose tokens',
  mine: 'Mine',
  everyone: 'Everyone’s',
  by: (name: string) => `of ${name}`,
  neverUsed: 'never used',
  used: 'used',
  usedFrom: (address: string) => `from ${address}`,
  expires: 'expires',
  expired: 'expired',
  never: 'never expires',
  everywhere: 'every server',
  someServers: (servers: number) => count(servers, { one: 'server', other: 'servers' }),
  someGroups: (groups: number) => count(groups, { one: 'group', other: 'groups' }),
  moreScopes: (more: number) => `and ${more} more`,
  rename: 'Rename',
  renameTitle: (name: string) => `Rename ${name}`,
  revoke: 'Revoke',
  revokeTitle: (name: string) => `Revoke ${name}?`,
  revokeText: 'Whatever uses it is cut off at once, also what is open. This cannot be undone.',
  revoked: (name: string) => `${name} was revoked.`,
};

export const newToken = {
  title: 'New API token',
  name: 'What is it for?',
  nameHint: 'As you will know it again, such as nightly-report.',
  may: 'What may it do?',
  presets: {
    watch: { label: 'Watch', text: 'See servers, their state, problems and metrics.' },
    read: { label: 'Read', text: 'See servers, metrics, and everything of Docker with the logs.' },
    operate: {
      label: 'Operate containers',
      text: 'See servers and containers; start, stop, restart, rename and remove containers.',
    },
    custom: { label: 'Custom', text: 'Choose each permission by itself.' },
  },
  notHeld: 'You do not hold this yourself.',
  notHeldAll: 'You do not hold all of it yourself.',
  risk: (risky: number) =>
    `${count(risky, { one: 'permission amounts', other: 'permissions amount' })} to root on a server, or hands out rights. Whoever has this token has them.`,
  where: 'Where?',
  places: {
    everywhere: { label: 'Every server', text: 'Those of today and those that are added later.' },
    some: { label: 'Only some', text: 'Servers and groups that you choose.' },
  },
  notThere: (scopes: string) => `Not tied to servers, so left out with a choice of them: ${scopes}.`,
  until: 'Until when?',
  periods: {
    '7': '7 days',
    '30': '30 days',
    '90': '90 days',
    '365': 'one year',
    never: 'without end',
  },
  neverRisk: 'A token without end works until somebody notices. Prefer one that is renewed.',
  untilDate: (date: string) => `Until ${date}.`,
  from: 'From where?',
  fromHint: 'Addresses or networks, such as 203.0.113.7 or 10.0.0.0/8. Anywhere when empty.',
  submit: 'Create token',
  madeTitle: 'Copy the token now',
  madeText: 'It is shown here and nowhere else. Keep it where your tool keeps its secrets.',
  secret: 'the token',
  tryIt: 'Try it',
  example: 'the example',
  done: 'Done',
};

export const places = {
  title: 'Servers and groups',
  search: 'Search servers and groups',
  group: 'Group',
  withBelow: 'with the groups below it',
  none: 'Nothing matches.',
  nowhere: 'no server',
  chosen: (chosen: number) => `${chosen} chosen`,
};
