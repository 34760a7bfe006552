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

/** A container that another one is to be like; values of variables that look secret are not told. */
export const LikeContainer = graphql(`
  query CreateContainer_Like($serverId: ID!, $id: ID!) {
    server(id: $serverId) {
      container(id: $id) {
        name
        imageId
        details {
          inspect
          environment {
            name
            value
            secret
          }
        }
      }
    }
  }
`);

/** What came with the image of it. */
export const LikeImage = graphql(`
  query CreateContainer_LikeImage($serverId: ID!, $reference: String!) {
    server(id: $serverId) {
      image(reference: $reference) {
        details {
          inspectJson
        }
      }
    }
  }
`);
