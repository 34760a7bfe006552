import type { Logger } from 'pino';
import { graphqlClient, type TestClient } from '../../../testing/graphql-client.ts';
import { dockerFilesRoom } from '../docker-files/room.ts';
import { imagesRoom } from '../images/room.ts';
import { logsRoom } from '../logs/room.ts';
import { graphiqlRoom } from '../graphiql/room.ts';
import { accessRoom } from '../access/room.ts';
import { createApp } from '../app.ts';
import { auditRoom } from '../audit/room.ts';
import { openReleaseDatabase, quiet, testDataDirectory } from '../database/testing.ts';
import { readEnvironment } from '../env.ts';
import { createFrontDoor } from '../http/front-door.ts';
import { HostPolicy } from '../http/host-policy.ts';
import { Listener } from '../http/listener.ts';
import { newId } from '../ids.ts';
import { identityRoom } from '../identity/room.ts';
import { gitSourcesRoom } from '../stacks/git-room.ts';
import { cookieName } from '../identity/cookies.ts';
import type { Pace } from '../live/public-server.ts';
import type { Platform } from '../platform.ts';
import { openIdentityKeys } from '../secrets/identity-keys.ts';
import { openVault } from '../secrets/vault.ts';
import type { Services } from '../services.ts';
import { graphqlRoom } from './room.ts';
import type { Role } from '@serverkit/wire/scopes.ts';

/** Of everyone who joins. */
export const testPassword = 'a password for tests';
const testPasswordHash =
  '$argon2id$v=19$m=19456,p=1,t=2$v2FrRmK9y2WyhxrEWLWqTA$U2Px2QWZ5HjlpHcoC++GxDGP6bQSA8N6po3qvTmxeQs';

/** The public API on a real port and a real database, in this process, so that a test can reach behind it. */
export interface TestApi extends AsyncDisposable {
  readonly url: string;
  readonly platform: Platform;
  readonly services: Services;
  /** Where the setup code was printed. */
  readonly printed: () => string;
  /** A client without credentials. */
  readonly stranger: TestClient;
  /** A new person of a role, and a client signed in as them. */
  join(role: Role): Promise<TestPerson>;
}

export interface TestPerson {
  readonly userId: string;
  readonly sessionId: string;
  readonly client: TestClient;
}

export interface TestApiOptions extends Pace {
  /** Where the built GraphiQL is; none by default. */
  readonly graphiql?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: Logger;
}

export async function testApi({
  env: variables = {},
  log = quiet,
  graphiql = '',
  ...pace
}: TestApiOptions = {}): Promise<TestApi> {
  await using undo = new AsyncDisposableStack();
  const data = undo.use(await testDataDirectory());
  const db = await openReleaseDatabase(data, { log });
  undo.defer(() => db.close());
  const env = readEnvironment({
    PORT: '0',
    SERVERKIT_DATA_DIR: data.path,
    SERVERKIT_LOCAL_AGENT: 'off',
    ...variables,
  });
  let port = 0;
  const platform: Platform = {
    env,
    log,
    db,
    vault: openVault(data.path),
    keys: openIdentityKeys(data.path),
    frontDoor: createFrontDoor(env, undefined, data.temp.file('agent.sock'), () => port),
  };
  let printed = '';
  const app = createApp(platform, {
    hostPolicy: new HostPolicy({
      publicUrl: env.publicUrl,
      bindHost: env.host,
      certificate: undefined,
      corsOrigins: env.corsOrigins,
    }),
    rooms: [
      auditRoom,
      (_platform, { access }) => accessRoom(access),
      (_platform, { identity }) =>
        identityRoom(platform, identity, (text) => {
          printed += text;
        }),
      (_platform, services) => graphqlRoom(platform, services, pace),
      (_platform, services) => graphiqlRoom(platform, services, graphiql),
      (_platform, services) => dockerFilesRoom(platform, services),
      (_platform, services) => imagesRoom(platform, services),
      (_platform, services) => logsRoom(platform, services),
      gitSourcesRoom,
    ],
  });
  const listener = new Listener({ handlers: app.handlers, channel: 'main', log });
  undo.defer(async () => {
    await app.drain(AbortSignal.timeout(2_000));
    listener.destroy();
  });
  await app.prepare();
  port = await listener.listen({ host: '127.0.0.1', port: 0 });
  await app.started();
  const url = `http://127.0.0.1:${port}`;
  const { identity } = app.services;
  const stranger = graphqlClient(url);
  const owned = undo.move();
  return {
    url,
    platform,
    services: app.services,
    printed: () => printed,
    stranger,
    async join(role) {
      const userId = newId('user');
      // The session is made directly, as argon2id would take most of the test's time.
      await db.prisma.user.create({
        data: {
          id: userId,
          email: `${userId}@example.com`,
          name: role,
          role,
          passwordHash: testPasswordHash,
        },
      });
      const { id, secrets } = await identity.sessions.create(db.prisma, userId, {
        address: '127.0.0.1',
        userAgent: '',
      });
      const cookie = `${cookieName({ secure: false, host: new URL(url).host })}=${secrets.cookie}`;
      return { userId, sessionId: id, client: stranger.with({ session: { cookie, proof: secrets.proof } }) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
