import {
  allContainers,
  allServers,
  type Client,
  type ContainersQuery,
  type ServersQuery,
} from '../src/node.ts';
import { Failure, usage } from './failure.ts';

type Server = ServersQuery['servers']['nodes'][number];
export type FleetContainer = ContainersQuery['containers']['nodes'][number];

/** The server with this name or id. @throws Failure when there is none, with those there are */
export async function findServer(client: Client, reference: string): Promise<Server> {
  const names: string[] = [];
  for await (const server of allServers(client)) {
    if (server.id === reference || server.name === reference) return server;
    names.push(server.name);
  }
  throw new Failure(`There is no server named ${reference}. There are: ${names.join(', ') || 'none'}.`);
}

export async function serverIds(client: Client, references: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const reference of references) ids.push((await findServer(client, reference)).id);
  return ids;
}

/**
 * The container that is meant by a name, an id or the begin of one, with the server before a slash where the name is not
 * enough.
 *
 * @throws Failure when none is, or several are
 */
export function pickContainer(
  containers: readonly FleetContainer[],
  reference: string,
  server: string | undefined,
): FleetContainer {
  const slash = reference.indexOf('/');
  const where = slash === -1 ? server : reference.slice(0, slash);
  const what = reference.slice(slash + 1);
  const here = containers.filter(
    (one) => where === undefined || one.server.name === where || one.server.id === where,
  );
  const exact = here.filter(({ name, id }) => name === what || id === what);
  const found = exact.length > 0 ? exact : here.filter(({ id }) => what.length >= 4 && id.startsWith(what));
  const [first, second] = found;
  if (!first) throw new Failure(`There is no container ${reference}. See: serverkit containers --all.`);
  if (second) {
    const places = found.map((one) => `${one.server.name}/${one.name}`).join(', ');
    throw usage(`${reference} is not clear: ${places}. Write one of these.`);
  }
  return first;
}

export async function findContainers(
  client: Client,
  references: readonly string[],
  server: string | undefined,
): Promise<FleetContainer[]> {
  const containers: FleetContainer[] = [];
  for await (const container of allContainers(client)) containers.push(container);
  return references.map((reference) => pickContainer(containers, reference, server));
}
