import { counter } from '../count.ts';

const count = counter('en');

export const docker = {
  allServers: 'All servers',
  serverAway: (name: string, status: string) => `${name} (${status.toLowerCase()})`,
  servers: (servers: number) => count(servers, { one: 'server', other: 'servers' }),
};
