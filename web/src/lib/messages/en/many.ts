import { counter } from '../count.ts';

const count = counter('en');

export const many = {
  ask: 'Several servers…',
  by: 'Choose by',
  chooseAll: 'All',
  chooseNone: 'None',
  free: (memory: string, free: string, cores: string) =>
    `${memory} of memory and ${free} of ${cores} cores free`,
  goOn: 'Go on with the others',
  group: 'Group',
  leftOut: 'Left out',
  noGroups: 'There are no groups yet.',
  noMatch: 'No server fits.',
  none: 'Choose servers to see what it would do on them.',
  noneInGroup: 'No server is in this group.',
  noneWithTag: 'No server has this tag any more.',
  noServers: 'There are no servers yet. Add one first.',
  noTags: 'No server has a tag yet.',
  onFailure: 'When it fails on one',
  parallel: 'Servers at a time',
  parallelHint: 'From 1 to 50; the next begins when one is done.',
  plan: 'What it would do',
  reasons: {
    MAINTENANCE: 'In maintenance',
    NO_DOCKER: 'Docker does not answer',
    NO_METRICS: 'Nothing was measured lately',
    NO_SCOPE: 'Not allowed to you there',
    OFFLINE: 'Offline',
    TOO_LITTLE_MEMORY: 'Too little memory is free',
  },
  room: 'The most room first',
  search: 'Search servers',
  servers: 'Servers',
  stop: 'Stop there',
  summary: (good: number, bad: number) => {
    const on = `On ${count(good, { one: 'server', other: 'servers' })}`;
    return bad === 0 ? on : `${on}; ${count(bad, { one: 'is left out', other: 'are left out' })}`;
  },
  tag: 'Tag',
};

export const pullMany = {
  ask: 'Pull on several servers…',
  known: 'There already; what is newer comes',
  missing: 'Not there yet',
  named: 'Name the image, and who has it already shows.',
  ready: 'Will be pulled',
  submit: (servers: number) => `Pull on ${count(servers, { one: 'server', other: 'servers' })}`,
  text: 'One job with a result for each server. Those that cannot take it now are left out.',
  title: 'Pull an image on several servers',
};
