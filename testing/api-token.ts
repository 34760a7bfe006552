import type { TestClient } from './graphql-client.ts';

/** An API token that somebody made. */
export interface TestToken {
  readonly id: string;
  /** The token itself, `sk_…`. */
  readonly secret: string;
}

const createApiToken = /* GraphQL */ `
  mutation Token($input: CreateApiTokenInput!) {
    createApiToken(input: $input) {
      secret
      token {
        id
      }
    }
  }
`;

/** Makes a token with just these scopes, as `owner`, whose sign-in has to be fresh. */
export async function apiToken(owner: TestClient, ...scopes: readonly string[]): Promise<TestToken> {
  const { createApiToken: made } = await owner.query<{
    createApiToken: { secret: string; token: { id: string } };
  }>(createApiToken, { input: { name: 'test', scopes } });
  return { id: made.token.id, secret: made.secret };
}

/** Ends a token, and with it whatever it holds open. */
export async function revokeApiToken(owner: TestClient, { id }: TestToken): Promise<void> {
  await owner.query(
    'mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { token { id } } }',
    { input: { tokenId: id } },
  );
}
