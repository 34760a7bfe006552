import { graphql } from '../generated/gql.ts';

/** What lists and headers show of a container. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Containers_Row on Container {
    id
    name
    image
    imageId
    command
    state
    health
    exitCode
    createdAt
    startedAt
    finishedAt
    observedAt
    labels {
      key
      value
    }
    ports {
      address
      privatePort
      publicPort
      protocol
    }
    networks
    cpuPercent
    memoryBytes
    memoryLimitBytes
  }
`);

export const Events = graphql(`
  subscription Containers_Events($serverId: ID) {
    containerEvents(serverId: $serverId) {
      kind
      serverId
      observedAt
      removedIds
      docker {
        available
        version
        error
      }
      containers {
        ...Containers_Row
      }
    }
  }
`);

export const Stats = graphql(`
  subscription Containers_Stats($serverId: ID!) {
    serverContainerStats(serverId: $serverId) {
      at
      items {
        containerId
        cpuPercent
        memoryBytes
        memoryLimitBytes
        networkReceivedBytes
        networkSentBytes
        blockReadBytes
        blockWriteBytes
        pids
      }
    }
  }
`);
