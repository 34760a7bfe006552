import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const ContainerFields = graphql(`
  fragment ContainerFields on Container {
    id
    name
    image
    imageId
    command
    state
    status
    createdAt
    startedAt
    finishedAt
    exitCode
    health
    labels {
      key
      value
    }
    ports {
      privatePort
      publicPort
      protocol
      address
    }
    networks
    cpuPercent
    memoryBytes
    memoryLimitBytes
  }
`);

/** @public For the code generator. */
export const DockerFields = graphql(`
  fragment DockerFields on DockerFacts {
    available
    version
    apiVersion
    storageDriver
    error
  }
`);

export const ContainersDocument = graphql(`
  query Containers($all: Boolean!, $ids: [ID!], $after: String) {
    containers(all: $all, ids: $ids, first: 500, after: $after) {
      items {
        ...ContainerFields
      }
      next
    }
  }
`);

export const ContainerDetailsDocument = graphql(`
  query ContainerDetails($id: ID!) {
    container(id: $id) {
      environmentNames
      environment {
        name
        value
        secret
      }
      inspectJson
      entrypoint
      hostname
      user
      workingDir
      tty
      privileged
      restartCount
      oomKilled
      restartPolicy
      healthcheck {
        test
      }
      limits {
        memoryBytes
        cpus
      }
      mounts {
        type
        name
        source
        destination
        readOnly
      }
    }
  }
`);

export const ContainerChangesDocument = graphql(`
  subscription ContainerChanges {
    containerChanges {
      kind
      at
      complete
      removedIds
      containers {
        ...ContainerFields
      }
      docker {
        ...DockerFields
      }
    }
  }
`);

export const ContainerStatsDocument = graphql(`
  subscription ContainerStats {
    containerStats(intervalMs: 1000) {
      at
      items {
        id
        cpuPercent
        memoryBytes
        memoryLimitBytes
        networkReceivedBytes
        networkSentBytes
        blockReadBytes
        blockWrittenBytes
        pids
      }
    }
  }
`);

export const ContainerLogsDocument = graphql(`
  subscription ContainerLogs(
    $id: ID!
    $tail: Int
    $sinceMs: SafeInt
    $untilMs: SafeInt
    $follow: Boolean!
    $stdout: Boolean!
    $stderr: Boolean!
    $timestamps: Boolean!
    $windowBytes: Int!
  ) {
    containerLogs(
      id: $id
      tail: $tail
      sinceMs: $sinceMs
      untilMs: $untilMs
      follow: $follow
      stdout: $stdout
      stderr: $stderr
      timestamps: $timestamps
      windowBytes: $windowBytes
    ) {
      segments {
        stream
        text
        partial
      }
    }
  }
`);

export const StartContainerDocument = graphql(`
  mutation StartContainer($id: ID!) {
    container: startContainer(id: $id) {
      ...ContainerFields
    }
  }
`);

export const StopContainerDocument = graphql(`
  mutation StopContainer($id: ID!, $timeoutSeconds: Int) {
    container: stopContainer(id: $id, timeoutSeconds: $timeoutSeconds) {
      ...ContainerFields
    }
  }
`);

export const RestartContainerDocument = graphql(`
  mutation RestartContainer($id: ID!, $timeoutSeconds: Int) {
    container: restartContainer(id: $id, timeoutSeconds: $timeoutSeconds) {
      ...ContainerFields
    }
  }
`);

export const PauseContainerDocument = graphql(`
  mutation PauseContainer($id: ID!) {
    container: pauseContainer(id: $id) {
      ...ContainerFields
    }
  }
`);

export const UnpauseContainerDocument = graphql(`
  mutation UnpauseContainer($id: ID!) {
    container: unpauseContainer(id: $id) {
      ...ContainerFields
    }
  }
`);

export const KillContainerDocument = graphql(`
  mutation KillContainer($id: ID!, $signal: String!) {
    container: killContainer(id: $id, signal: $signal) {
      ...ContainerFields
    }
  }
`);

export const RenameContainerDocument = graphql(`
  mutation RenameContainer($id: ID!, $name: String!) {
    container: renameContainer(id: $id, name: $name) {
      ...ContainerFields
    }
  }
`);

export const RemoveContainerDocument = graphql(`
  mutation RemoveContainer($id: ID!, $force: Boolean!, $removeVolumes: Boolean!) {
    removeContainer(id: $id, force: $force, removeVolumes: $removeVolumes) {
      id
    }
  }
`);
