import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const StackFields = graphql(`
  fragment StackFields on Stack {
    name
    managed
    folder
    configFiles
    version
    services {
      name
      containers {
        id
        name
        number
        state
        status
        health
        exitCode
        image
        imageId
        configHash
      }
    }
  }
`);

export const StacksDocument = graphql(`
  query Stacks($after: String) {
    stacks(first: 200, after: $after) {
      items {
        ...StackFields
      }
      next
    }
  }
`);

export const StackDocument = graphql(`
  query Stack($name: String!) {
    stack(name: $name) {
      ...StackFields
    }
  }
`);

export const StackFilesDocument = graphql(`
  query StackFiles($name: String!, $version: Int) {
    stackFiles(name: $name, version: $version) {
      compose
      env
    }
  }
`);

export const StackVersionsDocument = graphql(`
  query StackVersions($name: String!) {
    stackVersions(name: $name) {
      number
      at
      actor
      restores
      composeVersion
      commit
      services {
        service
        image
        imageId
        digests
        configHash
      }
    }
  }
`);

/** @public For the code generator, which puts it into the documents that name it. */
export const StackPlanFields = graphql(`
  fragment StackPlanFields on StackPlan {
    problems {
      line
      message
    }
    warnings
    privileged {
      option
      why
    }
    denied
    builds
    services {
      service
      action
      reasons
      image
      imageId
      currentImage
      currentImageId
      configHash
      currentConfigHash
      replicas
      currentReplicas
    }
    version
    composeVersion
  }
`);

export const StackPlanDocument = graphql(`
  query StackPlan($name: String!, $files: StackFilesInput!) {
    stackPlan(name: $name, files: $files) {
      ...StackPlanFields
    }
  }
`);

export const StackSecretsDocument = graphql(`
  query StackSecrets($name: String!, $files: StackFilesInput, $version: Int) {
    stackSecrets(name: $name, files: $files, version: $version) {
      needed
      before
    }
  }
`);

export const DeployStackDocument = graphql(`
  mutation DeployStack(
    $jobId: ID!
    $name: String!
    $files: StackFilesInput!
    $baseVersion: Int
    $pull: Boolean!
    $timeoutSeconds: Int!
    $auths: [RegistryAuthInput!]
    $secrets: [SecretValueInput!]
  ) {
    deployStack(
      jobId: $jobId
      name: $name
      files: $files
      baseVersion: $baseVersion
      pull: $pull
      timeoutSeconds: $timeoutSeconds
      auths: $auths
      secrets: $secrets
    ) {
      id
    }
  }
`);

export const RestoreStackDocument = graphql(`
  mutation RestoreStack(
    $jobId: ID!
    $name: String!
    $version: Int!
    $baseVersion: Int
    $timeoutSeconds: Int!
    $auths: [RegistryAuthInput!]
    $secrets: [SecretValueInput!]
  ) {
    restoreStack(
      jobId: $jobId
      name: $name
      version: $version
      baseVersion: $baseVersion
      timeoutSeconds: $timeoutSeconds
      auths: $auths
      secrets: $secrets
    ) {
      id
    }
  }
`);

export const OperateStackDocument = graphql(`
  mutation OperateStack(
    $jobId: ID!
    $name: String!
    $operation: StackOperation!
    $services: [String!]!
    $timeoutSeconds: Int!
  ) {
    operateStack(
      jobId: $jobId
      name: $name
      operation: $operation
      services: $services
      timeoutSeconds: $timeoutSeconds
    ) {
      id
    }
  }
`);

export const PullStackDocument = graphql(`
  mutation PullStack(
    $jobId: ID!
    $name: String!
    $services: [String!]!
    $up: Boolean!
    $baseVersion: Int
    $timeoutSeconds: Int!
    $auths: [RegistryAuthInput!]
    $secrets: [SecretValueInput!]
  ) {
    pullStack(
      jobId: $jobId
      name: $name
      services: $services
      up: $up
      baseVersion: $baseVersion
      timeoutSeconds: $timeoutSeconds
      auths: $auths
      secrets: $secrets
    ) {
      id
    }
  }
`);

export const ScaleStackDocument = graphql(`
  mutation ScaleStack(
    $jobId: ID!
    $name: String!
    $service: String!
    $replicas: Int!
    $baseVersion: Int
    $timeoutSeconds: Int!
    $auths: [RegistryAuthInput!]
    $secrets: [SecretValueInput!]
  ) {
    scaleStack(
      jobId: $jobId
      name: $name
      service: $service
      replicas: $replicas
      baseVersion: $baseVersion
      timeoutSeconds: $timeoutSeconds
      auths: $auths
      secrets: $secrets
    ) {
      id
    }
  }
`);

export const RemoveStackDocument = graphql(`
  mutation RemoveStack(
    $jobId: ID!
    $name: String!
    $volumes: Boolean!
    $forget: Boolean!
    $baseVersion: Int
  ) {
    removeStack(jobId: $jobId, name: $name, volumes: $volumes, forget: $forget, baseVersion: $baseVersion) {
      id
    }
  }
`);

export const StackSourceDocument = graphql(`
  query StackSource($name: String!, $path: String) {
    stackSource(name: $name, path: $path) {
      folder
      file
      files {
        compose
        env
      }
    }
  }
`);

export const TakeOverStackDocument = graphql(`
  mutation TakeOverStack($jobId: ID!, $name: String!, $path: String, $timeoutSeconds: Int!) {
    takeOverStack(jobId: $jobId, name: $name, path: $path, timeoutSeconds: $timeoutSeconds) {
      id
    }
  }
`);

export const GitHeadDocument = graphql(`
  query GitHead($source: GitSourceInput!) {
    gitHead(source: $source) {
      commit
      knownHosts
    }
  }
`);

export const GitPlanDocument = graphql(`
  query GitPlan($name: String!, $source: GitSourceInput!, $env: String) {
    gitPlan(name: $name, source: $source, env: $env) {
      commit
      compose
      plan {
        ...StackPlanFields
      }
    }
  }
`);

export const DeployGitStackDocument = graphql(`
  mutation DeployGitStack(
    $jobId: ID!
    $name: String!
    $source: GitSourceInput!
    $commit: String
    $env: String
    $baseVersion: Int
    $pull: Boolean!
    $timeoutSeconds: Int!
    $auths: [RegistryAuthInput!]
  ) {
    deployGitStack(
      jobId: $jobId
      name: $name
      source: $source
      commit: $commit
      env: $env
      baseVersion: $baseVersion
      pull: $pull
      timeoutSeconds: $timeoutSeconds
      auths: $auths
    ) {
      id
    }
  }
`);
