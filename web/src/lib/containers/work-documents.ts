import { graphql } from '../generated/gql.ts';

export const Duplicate = graphql(`
  mutation ContainerWork_Duplicate($input: DuplicateContainerInput!) {
    duplicateContainer(input: $input) {
      container {
        id
        name
      }
    }
  }
`);

export const Recreate = graphql(`
  mutation ContainerWork_Recreate($input: RecreateContainerInput!) {
    recreateContainer(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Update = graphql(`
  mutation ContainerWork_Update($input: UpdateContainerInput!) {
    updateContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);

export const Settings = graphql(`
  query ContainerWork_Settings($serverId: ID!, $id: ID!) {
    server(id: $serverId) {
      container(id: $id) {
        details {
          inspect
        }
      }
    }
  }
`);

export const Commit = graphql(`
  mutation ContainerWork_Commit($input: CommitContainerInput!) {
    commitContainer(input: $input) {
      imageId
    }
  }
`);

export const Exec = graphql(`
  mutation ContainerWork_Exec($input: ExecInContainerInput!) {
    execInContainer(input: $input) {
      exitCode
      output
      end
    }
  }
`);
