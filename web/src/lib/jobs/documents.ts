import { graphql } from '../generated/gql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Jobs_Row on Job {
    id
    kind
    serverId
    state
    step
    startedBy
    createdAt
    startedAt
    finishedAt
    cancelAskedAt
    errorCode
    errorMessage
    target {
      kind
      id
      name
    }
    progress {
      item
      status
      current
      total
      unit
    }
  }
`);

/** @public For the code generator: what is shown of one job besides. */
export const Targets = graphql(`
  fragment Jobs_Targets on Job {
    parent {
      id
    }
    targets {
      serverId
      name
      state
      errorCode
      errorMessage
      job {
        id
        step
        progress {
          item
          status
          current
          total
          unit
        }
      }
    }
  }
`);

/** How far the jobs are that one on many servers has there; each as it moves. */
export const Steps = graphql(`
  subscription Jobs_Steps {
    jobChanges {
      id
      step
      progress {
        item
        status
        current
        total
        unit
      }
    }
  }
`);

export const List = graphql(`
  query Jobs_List($first: Int!, $after: String, $filter: JobFilter) {
    jobs(first: $first, after: $after, filter: $filter) {
      nodes {
        ...Jobs_Row
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Changes = graphql(`
  subscription Jobs_Changes($serverId: ID) {
    jobChanges(serverId: $serverId) {
      ...Jobs_Row
    }
  }
`);

export const Events = graphql(`
  subscription Jobs_Events($id: ID!, $after: Int!) {
    jobEvents(id: $id, after: $after) {
      dropped
      job {
        ...Jobs_Row
        ...Jobs_Targets
      }
      lines {
        seq
        stream
        text
      }
    }
  }
`);

export const Cancel = graphql(`
  mutation Jobs_Cancel($input: CancelJobInput!) {
    cancelJob(input: $input) {
      job {
        ...Jobs_Row
      }
    }
  }
`);
