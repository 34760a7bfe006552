import { graphql } from '../generated/gql.ts';

/** What lists, cards, menus and headers show of a server. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Fleet_Row on Server {
    id
    name
    description
    tags
    group {
      id
    }
    status
    connection
    maintenance
    isLocal
    createdAt
    lastSeenAt
    lastError
    agentVersion
    facts {
      hostname
      osName
      osVersion
      arch
      cpuCount
      memoryBytes
      addresses
    }
    containerCounts {
      running
      total
    }
    problems {
      code
      severity
      subject
      value
      since
      message
    }
  }
`);

export const Servers = graphql(`
  query Fleet_Servers($first: Int!, $after: String) {
    servers(first: $first, after: $after) {
      nodes {
        ...Fleet_Row
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Sparklines = graphql(`
  query Fleet_Sparklines($first: Int!, $after: String) {
    servers(first: $first, after: $after) {
      nodes {
        id
        sparkline {
          from
          stepSeconds
          cpuPercent
          memoryPercent
          diskPercent
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const ServerEvents = graphql(`
  subscription Fleet_ServerEvents {
    serverEvents {
      kind
      serverId
      server {
        ...Fleet_Row
      }
    }
  }
`);

export const Metrics = graphql(`
  subscription Fleet_Metrics {
    fleetMetrics {
      items {
        serverId
        at
        cpuPercent
        memoryPercent
        diskPercent
        containersRunning
        containersTotal
      }
    }
  }
`);
