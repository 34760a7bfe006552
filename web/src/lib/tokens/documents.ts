import { graphql } from '../generated/gql.ts';

/** What the list shows of a token. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Tokens_Row on ApiToken {
    id
    name
    prefix
    scopes
    serverIds
    groupIds
    addresses
    createdAt
    expiresAt
    lastUsedAt
    lastUsedAddress
    owner {
      id
      name
    }
  }
`);
