import { graphql } from '../generated/gql.ts';

/** What lists show of an image. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Images_Row on Image {
    id
    tags
    digests
    createdAt
    sizeBytes
    containers {
      containerId
      name
      running
    }
  }
`);

export const OfServer = graphql(`
  query Images_OfServer($serverId: ID!) {
    server(id: $serverId) {
      images {
        ...Images_Row
      }
    }
  }
`);

export const OfFleet = graphql(`
  query Images_OfFleet($after: String) {
    images(first: 500, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...Images_Row
        server {
          id
        }
      }
      unanswered {
        serverId
        code
        message
      }
    }
  }
`);
