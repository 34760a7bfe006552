import { query } from './api/operations.ts';
import { graphql } from './generated/gql.ts';
import type { OneTimeLink_FindQuery } from './generated/graphql.ts';

const Find = graphql(`
  query OneTimeLink_Find($token: String!) {
    oneTimeLink(token: $token) {
      kind
      email
      name
    }
  }
`);

export type OneTimeLink = NonNullable<OneTimeLink_FindQuery['oneTimeLink']>;

/** A link as it stands in the address; null when it does not work (any more) or is for something else. */
export interface FoundLink {
  readonly token: string;
  readonly link: OneTimeLink | null;
}

/**
 * What stands after # in an address never reaches a server by itself, nor its logs.
 * @throws Failure when the API cannot be reached
 */
export async function findLink(hash: string, kind: OneTimeLink['kind']): Promise<FoundLink> {
  const token = hash.replace(/^#/, '');
  const link = token === '' ? null : ((await query(Find, { token })).data.oneTimeLink ?? null);
  return { token, link: link?.kind === kind ? link : null };
}
