import { eventually } from '../../../testing/events.ts';
import { codeOf, type TestClient } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { rawSocket, subscribeMessage } from '../live/testing.ts';
import { serverChanges } from '../servers/events.ts';

export const createApiToken = `mutation ($input: CreateApiTokenInput!) {
  createApiToken(input: $input) { secret token { id prefix scopes addresses } }
}`;
export const revokeApiToken = `mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { token { revokedAt } } }`;
export const events = 'subscription { serverEvents { kind serverId } }';
export const servers = '{ servers { nodes { id } } }';
export const whoAmI = '{ viewer { scopes user { id } session { id } token { id name } } }';

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly client: TestClient;
}

/** Programs with tokens of people's, and an API that all tests of them share. */
export class TokenStage implements AsyncDisposable {
  #api: TestApi | undefined;
  #admin: TestPerson | undefined;

  async raise(): Promise<void> {
    this.#api = await testApi({ env: { TRUST_PROXY: 'loopback' } });
    this.#admin = await this.#api.join('admin');
  }

  get api(): TestApi {
    if (!this.#api) throw new Error('There is no API before the tests.');
    return this.#api;
  }

  get admin(): TestPerson {
    if (!this.#admin) throw new Error('There is nobody before the tests.');
    return this.#admin;
  }

  async make(by: TestPerson, scopes: readonly string[], rest: object = {}): Promise<Made> {
    const { createApiToken: made } = await by.client.query<{
      createApiToken: { secret: string; token: { id: string } };
    }>(createApiToken, { input: { name: 'deploy', scopes, ...rest } });
    const { secret } = made;
    // As programs do: without an Origin.
    return { id: made.token.id, secret, client: this.api.stranger.with({ token: secret, origin: null }) };
  }

  /** A socket of a program, on which it follows servers. */
  async following({ secret }: Made) {
    const socket = await rawSocket(this.api.url, { init: false, headers: { origin: this.api.url } });
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
    await socket.next(({ type }) => type === 'connection_ack');
    socket.send(subscribeMessage('1', events));
    await eventually(() => this.api.services.topics.watched(serverChanges), 'the subscription');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]();
  }
}

/** Why such a token is not made. */
export const wrongCode = async (by: TestPerson, scopes: readonly string[], rest: object = {}) =>
  codeOf(await by.client.answer(createApiToken, { input: { name: 'deploy', scopes, ...rest } }));

export const scopesOf = async (client: TestClient) =>
  (await client.query<{ viewer: { scopes: string[] } }>('{ viewer { scopes } }')).viewer.scopes;
