import { existsSync, realpathSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { controlPlane as nodeArguments } from '../scripts/setup/control-plane.mjs';
import { openRunDirectory, removeRunDirectory } from '../api/src/database/run-directory.ts';
import { graphqlClient, GraphQLFailure, parseAnswer } from './graphql-client.ts';
import type { SessionSecrets, TestClient } from './graphql-client.ts';
import { http } from './http.ts';
import { layDatabase } from './laid-database.ts';
import { plainEnv, startProcess } from './processes.ts';
import type { TestProcess } from './processes.ts';
import { reapUsersOf } from './reap.ts';
import { tempDir } from './tmp.ts';

/** Who signs in. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** The whole product as `npm start` runs it, on a port and a data folder of its own. */
export interface ControlPlane extends AsyncDisposable {
  /** What the ready line names, for instance `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly dataDir: string;
  readonly admin: Credentials;
  readonly process: TestProcess;
  /** A client without credentials. */
  anonymous(): TestClient;
  /** A client with a fresh browser session, the admin's by default. */
  signIn(credentials?: Credentials): Promise<TestClient>;
}

export interface ControlPlaneOptions {
  /** Settings of the operating interface, over the defaults of tests (no local agent, warnings only). */
  readonly env?: Readonly<Record<string, string>>;
  /** An existing data folder, which stays afterwards; a temporary one with an empty database by default. */
  readonly dataDir?: string;
  /** Nothing is there yet, as before the first start of all, which then takes longer. */
  readonly fromNothing?: boolean;
  /** PEM of the authority to trust when the settings turn TLS on. */
  readonly ca?: string;
  /** How long the ready line may take, in milliseconds. */
  readonly limit?: number;
}

const admin: Credentials = { email: 'admin@example.com', password: 'correct horse battery staple' };

const signInDocument = /* GraphQL */ `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      sessionProof
    }
  }
`;

/** Signs in as the dashboard does: the answer's cookie and the proof in it are the two halves of the session. */
async function openSession(client: TestClient, input: Credentials): Promise<SessionSecrets> {
  const { headers, body } = await client.post(
    JSON.stringify({ query: signInDocument, variables: { input } }),
  );
  const answer = parseAnswer<{ signIn: { sessionProof: string } }>(body);
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  if (answer.data == null || cookie === undefined) throw new GraphQLFailure(answer);
  return { cookie, proof: answer.data.signIn.sessionProof };
}

/**
 * Starts a control plane and waits until it serves: `await using plane = await controlPlane()`. On dispose it is asked
 * to end, and whatever it started is gone, also after the test killed it.
 */
export async function controlPlane({
  env = {},
  dataDir,
  fromNothing = false,
  ca,
  limit = 120_000,
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempDir('serverkit-plane-'));
  // The embedded database runs as another user when the tests run as root, and must be able to get at its files.
  await chmod(folder.path, 0o711);
  const data = dataDir ?? folder.file('data');
  if (dataDir === undefined && !fromNothing) await layDatabase(data);
  // Of the local agent, whose account walks there.
  const stacks = undo.use(await tempDir('serverkit-stacks-'));
  await chmod(stacks.path, 0o711);
  undo.defer(async () => {
    await reapUsersOf(data);
    // A killed control plane leaves its sockets outside of the folder.
    if (existsSync(data)) removeRunDirectory(openRunDirectory(realpathSync(data)));
  });

  const child = undo.use(
    startProcess(process.execPath, nodeArguments, {
      grace: 15_000,
      env: plainEnv({
        PORT: '0',
        HOST: '127.0.0.1',
        LOG_LEVEL: 'warn',
        SERVERKIT_DATA_DIR: data,
        SERVERKIT_STACKS_DIR: stacks.file('stacks'),
        SERVERKIT_LOCAL_AGENT: 'off',
        SERVERKIT_ADMIN_EMAIL: admin.email,
        SERVERKIT_ADMIN_PASSWORD: admin.password,
        ...env,
      }),
    }),
  );
  const [, url = ''] = await child.match(/ServerKit is ready at (http\S+)/, limit);

  const trust = ca === undefined ? {} : { ca };
  const anonymous = (): TestClient => graphqlClient(url, trust);
  const owned = undo.move();
  return {
    url,
    dataDir: data,
    admin,
    process: child,
    anonymous,
    async signIn(credentials = admin) {
      const client = anonymous();
      return client.with({ session: await openSession(client, credentials) });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whether `path` of a running control plane answers with 200, for instance `/readyz`. */
export async function answers(plane: ControlPlane, path: string): Promise<boolean> {
  return (await http(new URL(path, plane.url))).status === 200;
}
