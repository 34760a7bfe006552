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
    stacks(first: 400, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      unanswered {
        serverId
        code
        message
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
          commit
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
            containerId
            name
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

/** @public For the code generator, which puts it into the documents that name it. */
export const PlanFields = graphql(`
  fragment Stacks_PlanFields on StackPlan {
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
`);

export const Plan = graphql(`
  query Stacks_Plan($serverId: ID!, $name: String!, $files: StackFilesInput!) {
    server(id: $serverId) {
      stackPlan(name: $name, files: $files) {
        ...Stacks_PlanFields
      }
    }
  }
`);

export const PlanMany = graphql(`
  query Stacks_PlanMany($input: PlanFleetDeploymentInput!) {
    planFleetDeployment(input: $input) {
      serverId
      plan {
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
      error {
        code
        message
      }
    }
  }
`);

export const DeployMany = graphql(`
  mutation Stacks_DeployMany($input: DeployStackToManyInput!) {
    deployStackToMany(input: $input) {
      job {
        id
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

export const Start = graphql(`
  mutation Stacks_Start($input: StartStackInput!) {
    startStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Stop = graphql(`
  mutation Stacks_Stop($input: StopStackInput!) {
    stopStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Restart = graphql(`
  mutation Stacks_Restart($input: RestartStackInput!) {
    restartStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Pull = graphql(`
  mutation Stacks_Pull($input: PullStackInput!) {
    pullStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Scale = graphql(`
  mutation Stacks_Scale($input: ScaleStackInput!) {
    scaleStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Down = graphql(`
  mutation Stacks_Down($input: DownStackInput!) {
    downStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Remove = graphql(`
  mutation Stacks_Remove($input: RemoveStackInput!) {
    removeStack(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Source = graphql(`
  query Stacks_Source($serverId: ID!, $name: String!, $path: String!) {
    server(id: $serverId) {
      stackSource(name: $name, path: $path) {
        folder
        file
        files {
          compose
          env
        }
      }
    }
  }
`);

export const TakeOver = graphql(`
  mutation Stacks_TakeOver($input: TakeOverStackInput!) {
    takeOverStack(input: $input) {
      job {
        id
      }
    }
  }
`);
