import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator. */
export const JobFields = graphql(`
  fragment JobFields on Job {
    id
    state
    step
    startedAt
    finishedAt
    errorCode
    errorMessage
    result
  }
`);

export const AgentJobDocument = graphql(`
  query AgentJob($id: ID!) {
    job(id: $id) {
      ...JobFields
    }
  }
`);

export const AgentJobEventsDocument = graphql(`
  subscription AgentJobEvents($id: ID!, $after: Int!, $windowBytes: Int!) {
    jobEvents(id: $id, after: $after, windowBytes: $windowBytes) {
      lines {
        seq
        at
        stream
        text
      }
      progress {
        item
        status
        current
        total
        unit
      }
      job {
        ...JobFields
      }
    }
  }
`);

export const CancelAgentJobDocument = graphql(`
  mutation CancelAgentJob($id: ID!) {
    cancelJob(id: $id) {
      id
    }
  }
`);
