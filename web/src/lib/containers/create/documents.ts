import { graphql } from '../../generated/gql.ts';

export const Create = graphql(`
  mutation CreateContainer_Create($input: CreateContainerInput!) {
    createContainer(input: $input) {
      job {
        id
      }
    }
  }
`);

/** What the form offers to choose from, and what may be done there. */
export const Choices = graphql(`
  query CreateContainer_Choices($serverId: ID!) {
    server(id: $serverId) {
      effectiveScopes
      images {
        tags
      }
      networks {
        name
      }
      volumes {
        name
        anonymous
      }
    }
  }
`);
