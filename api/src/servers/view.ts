import type { Server } from '@serverkit/prisma/generated/client/client.ts';

export const connections = ['pending', 'connecting', 'online', 'offline', 'error'] as const;
export type Connection = (typeof connections)[number];
export const statuses = [...connections, 'maintenance'] as const;
export type Status = (typeof statuses)[number];

export function connectionOf({ connection }: Pick<Server, 'connection'>): Connection {
  return connections.find((known) => known === connection) ?? 'error';
}

/** The one word for a server: maintenance is shown over everything but an error. */
export function statusOf(server: Pick<Server, 'connection' | 'maintenance'>): Status {
  const connection = connectionOf(server);
  return server.maintenance && connection !== 'error' ? 'maintenance' : connection;
}

/** Worst first: what wants a look comes before what is well. */
export const statusRank: Readonly<Record<Status, number>> = {
  error: 0,
  offline: 1,
  connecting: 2,
  pending: 3,
  maintenance: 4,
  online: 5,
};
