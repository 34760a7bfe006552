import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { connectToDatabase } from '../../api/src/database/testing.ts';
import { readSamples } from '../../api/src/metrics/latest.ts';
import type { StoredSample } from '../../api/src/metrics/sample.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { graphqlClient, parseAnswer, type TestClient } from '../../testing/graphql-client.ts';

/** A control plane that other machines reach, with a certificate of its own making. */
export interface ReachablePlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly client: TestClient;
}

/** A certificate as a company issues it: from an authority that its machines trust, and nobody else. */
export interface GivenCertificate {
  readonly authorityPem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * @param host - the address to listen on
 * @param given - the certificate to serve with; by default it makes its own
 */
export async function reachablePlane(host: string, given?: GivenCertificate): Promise<ReachablePlane> {
  await using undo = new AsyncDisposableStack();
  const tls = given ? { TLS_CERT: given.certFile, TLS_KEY: given.keyFile } : {};
  const plane = undo.use(await controlPlane({ env: { HOST: host, ...tls } }));
  const ca = given?.authorityPem ?? (await ownAuthority(plane));
  const anonymous = graphqlClient(plane.url, { ca });
  const { headers, body } = await anonymous.post(
    JSON.stringify({
      query: 'mutation ($input: SignInInput!) { signIn(input: $input) { sessionProof } }',
      variables: { input: plane.admin },
    }),
  );
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  const proof = parseAnswer<{ signIn: { sessionProof: string } }>(body).data?.signIn.sessionProof;
  if (cookie === undefined || proof === undefined) throw new Error(`no session: ${body}`);
  const client = anonymous.with({ session: { cookie, proof } });
  const owned = undo.move();
  return { plane, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The file holds its key as well, which is nobody's business. */
async function ownAuthority({ dataDir }: ControlPlane): Promise<string> {
  const pem = await readFile(join(dataDir, 'keys', 'authority.pem'), 'utf8');
  return pem.slice(0, pem.indexOf('-----BEGIN PRIVATE KEY-----'));
}

/** A server that waits for its agent. */
export interface Invitation {
  readonly serverId: string;
  readonly command: string;
  readonly token: string;
}

/** Adds a server as the wizard does. @throws when nobody elsewhere can join this control plane */
export async function invite(client: TestClient, name: string): Promise<Invitation> {
  const { joinable, ...invitation } = await addServer(client, name);
  if (!joinable) throw new Error('the control plane says that nobody can join');
  return invitation;
}

/** @returns with whether machines other than this one can join */
export async function addServer(
  client: TestClient,
  name: string,
  profile: 'DOCKER_MANAGER' | 'FULL_ACCESS' = 'DOCKER_MANAGER',
): Promise<Invitation & { readonly joinable: boolean }> {
  const { createServer } = await client.query<{
    createServer: {
      server: { id: string };
      installCommand: string;
      registrationToken: string;
      joinability: { possible: boolean };
    };
  }>(
    /* GraphQL */ `
      mutation AddServer($input: CreateServerInput!) {
        createServer(input: $input) {
          server {
            id
          }
          installCommand
          registrationToken
          joinability {
            possible
          }
        }
      }
    `,
    { input: { name, profile } },
  );
  const { server, installCommand, registrationToken, joinability } = createServer;
  return {
    serverId: server.id,
    command: installCommand,
    token: registrationToken,
    joinable: joinability.possible,
  };
}

export async function statusOf(client: TestClient, id: string): Promise<string | undefined> {
  const { server } = await client.query<{ server: { status: string } | null }>(
    /* GraphQL */ `
      query Status($id: ID!) {
        server(id: $id) {
          status
        }
      }
    `,
    { id },
  );
  return server?.status;
}

/** @throws GraphQLFailure when they cannot be listed now */
export async function containersOf(
  client: TestClient,
  id: string,
): Promise<readonly { id: string }[] | null | undefined> {
  const { server } = await client.query<{ server: { containers: { id: string }[] | null } | null }>(
    /* GraphQL */ `
      query Containers($id: ID!) {
        server(id: $id) {
          containers {
            id
          }
        }
      }
    `,
    { id },
  );
  return server?.containers;
}

/** @param limit - ms */
export async function untilStatus(
  client: TestClient,
  id: string,
  status: string,
  limit = 60_000,
): Promise<void> {
  await eventually(async () => (await statusOf(client, id)) === status, `the server to be ${status}`, {
    limit,
    every: 200,
  });
}

/** Every sample of a server as the database of a control plane on this machine has it, in order. */
export async function storedSamples({ dataDir }: ControlPlane, serverId: string): Promise<StoredSample[]> {
  const pool = connectToDatabase(dataDir);
  try {
    return await samplesIn(pool, serverId);
  } finally {
    await pool.end();
  }
}

/** Every sample of a server as a database has it, in order. */
export async function samplesIn(pool: pg.Pool, serverId: string): Promise<StoredSample[]> {
  const { rows } = await pool.query<{ number: number }>('SELECT number FROM "Server" WHERE id = $1', [
    serverId,
  ]);
  const number = rows[0]?.number ?? -1;
  return (await readSamples(pool, number, 0, Date.now() + 60_000)).map(({ sample }) => sample);
}
