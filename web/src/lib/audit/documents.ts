import { graphql } from '../generated/gql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Event = graphql(`
  fragment Audit_Event on AuditEvent {
    id
    at
    actorKind
    actorId
    actorLabel
    address
    action
    targetKind
    targetId
    targetName
    serverId
    outcome
    code
    exitCode
    parameters
    count
    durationMs
  }
`);

export const List = graphql(`
  query Audit_List($first: Int!, $after: String, $filter: AuditEventFilter) {
    auditEvents(first: $first, after: $after, filter: $filter) {
      nodes {
        ...Audit_Event
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
