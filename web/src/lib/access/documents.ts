import { graphql } from '../generated/gql.ts';

/** What lists show of a grant. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Access_Grant on Grant {
    id
    scopes
    serverId
    groupId
    user {
      id
      name
    }
  }
`);

export const Give = graphql(`
  mutation Access_Give($input: GrantAccessInput!) {
    grantAccess(input: $input) {
      grant {
        id
      }
    }
  }
`);
