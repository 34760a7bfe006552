import { graphql } from '../generated/gql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment Stacks_Row on Stack {
    name
    managed
    folder
    configFiles
    version
    state
    observedAt
    services {
      name
      containers {
        containerId
        name
        state
        health
        exitCode
      }
    }
  }
`);

export const OfServer = graphql(`
  query Stacks_OfServer($serverId: ID!) {
    server(id: $serverId) {
      stacks {
        ...Stacks_Row
      }
    }
  }
`);

export const OfFleet = graphql(`
  query Stacks_OfFleet($after: String) {
    stacks(first: 500, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...Stacks_Row
        server {
          id
        }
      }
    }
  }
`);

export const Detail = graphql(`
  query Stacks_Detail($serverId: ID!, $name: String!) {
    server(id: $serverId) {
      stack(name: $name) {
        ...Stacks_Row
        versions {
          number
          deployedAt
          restores
          composeVersion
          services {
            service
            image
            imageId
            configHash
          }
        }
        services {
          name
          containers {
            image
            imageId
            configHash
          }
        }
      }
    }
  }
`);

export const Files = graphql(`
  query Stacks_Files($serverId: ID!, $name: String!, $version: Int) {
    server(id: $serverId) {
      stack(name: $name) {
        files(version: $version) {
          compose
          env
        }
      }
    }
  }
`);

export const Plan = graphql(`
  query Stacks_Plan($serverId: ID!, $name: String!, $files: StackFilesInput!) {
    server(id: $serverId) {
      stackPlan(name: $name, files: $files) {
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
        version
        composeVersion
        services {
          service
          action
          reasons
          image
          imageId
          currentImage
          currentImageId
          replicas
          currentReplicas
        }
      }
    }
  }
`);

export const Deploy = graphql(`
  mutation Stacks_Deploy($input: DeployStackInput!) {
    deployStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Restore = graphql(`
  mutation Stacks_Restore($input: RestoreStackInput!) {
    restoreStack(input: $input) {
      job {
        id
      }
    }
  }
`);
