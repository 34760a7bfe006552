import { counter } from '../count.ts';

const count = counter('fr');

export const docker = {
  allServers: 'Tous les serveurs',
  serverAway: (name: string, status: string) => `${name} (${status.toLowerCase()})`,
  servers: (servers: number) => count(servers, { one: 'serveur', other: 'serveurs' }),
};
