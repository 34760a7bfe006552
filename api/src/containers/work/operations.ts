import { graphql } from '../../generated/agent/index.ts';

export const ContainerProcessesDocument = graphql(`
  query ContainerProcesses($id: ID!) {
    containerProcesses(id: $id) {
      titles
      rows {
        cells
      }
    }
  }
`);

export const ContainerFileChangesDocument = graphql(`
  query ContainerFileChanges($id: ID!) {
    containerFileChanges(id: $id) {
      total
      items {
        path
        kind
      }
    }
  }
`);

export const ContainerSecretsDocument = graphql(`
  query ContainerSecrets($id: ID!) {
    containerSecrets(id: $id)
  }
`);

export const RevealContainerEnvironmentDocument = graphql(`
  mutation RevealContainerEnvironment($id: ID!) {
    revealContainerEnvironment(id: $id) {
      name
      value
    }
  }
`);

export const ExecInContainerDocument = graphql(`
  mutation ExecInContainer(
    $id: ID!
    $command: [String!]!
    $user: String
    $workingDir: String
    $environment: [EnvironmentVariableInput!]
    $timeoutSeconds: Int!
  ) {
    execInContainer(
      id: $id
      command: $command
      user: $user
      workingDir: $workingDir
      environment: $environment
      timeoutSeconds: $timeoutSeconds
    ) {
      exitCode
      output
      end
    }
  }
`);

export const UpdateContainerDocument = graphql(`
  mutation UpdateContainer($id: ID!, $limits: LimitsInput, $restartPolicy: RestartPolicyInput) {
    container: updateContainer(id: $id, limits: $limits, restartPolicy: $restartPolicy) {
      ...ContainerFields
    }
  }
`);

export const DuplicateContainerDocument = graphql(`
  mutation DuplicateContainer(
    $id: ID!
    $name: String!
    $publishedPorts: Boolean!
    $start: Boolean!
    $secrets: [SecretValueInput!]
  ) {
    container: duplicateContainer(
      id: $id
      name: $name
      publishedPorts: $publishedPorts
      start: $start
      secrets: $secrets
    ) {
      ...ContainerFields
    }
  }
`);

export const CommitContainerDocument = graphql(`
  mutation CommitContainer(
    $id: ID!
    $reference: String!
    $comment: String
    $author: String
    $pause: Boolean!
  ) {
    commitContainer(id: $id, reference: $reference, comment: $comment, author: $author, pause: $pause) {
      imageId
    }
  }
`);

export const ContainerPrunePreviewDocument = graphql(`
  query ContainerPrunePreview {
    containerPrunePreview {
      id
      name
      image
      bytes
      createdAt
    }
  }
`);

export const PruneContainersDocument = graphql(`
  mutation PruneContainers($ids: [ID!]!, $removeVolumes: Boolean!) {
    pruneContainers(ids: $ids, removeVolumes: $removeVolumes) {
      removed {
        id
        name
        image
        bytes
        createdAt
      }
      kept {
        id
        name
        reason
      }
    }
  }
`);

export const CreateContainerDocument = graphql(`
  mutation CreateContainer(
    $jobId: ID!
    $spec: ContainerSpecInput!
    $start: Boolean!
    $pull: ImagePullPolicy!
    $auth: RegistryAuthInput
    $secrets: [SecretValueInput!]
  ) {
    createContainer(jobId: $jobId, spec: $spec, start: $start, pull: $pull, auth: $auth, secrets: $secrets) {
      id
    }
  }
`);

/** A document of its own: agents of before do not know these arguments, and make containers all the same. */
export const CreateContainerLikeDocument = graphql(`
  mutation CreateContainerLike(
    $jobId: ID!
    $spec: ContainerSpecInput!
    $start: Boolean!
    $pull: ImagePullPolicy!
    $auth: RegistryAuthInput
    $secrets: [SecretValueInput!]
    $keptFrom: ID
    $keptVariables: [String!]
  ) {
    createContainer(
      jobId: $jobId
      spec: $spec
      start: $start
      pull: $pull
      auth: $auth
      secrets: $secrets
      keptFrom: $keptFrom
      keptVariables: $keptVariables
    ) {
      id
    }
  }
`);

export const RecreateContainerDocument = graphql(`
  mutation RecreateContainer(
    $jobId: ID!
    $id: ID!
    $image: String
    $pull: ImagePullPolicy!
    $healthTimeoutSeconds: Int!
    $auth: RegistryAuthInput
    $secrets: [SecretValueInput!]
  ) {
    recreateContainer(
      jobId: $jobId
      id: $id
      image: $image
      pull: $pull
      healthTimeoutSeconds: $healthTimeoutSeconds
      auth: $auth
      secrets: $secrets
    ) {
      id
    }
  }
`);
