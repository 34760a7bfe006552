import { graphql } from '../generated/gql.ts';

export const List = graphql(`
  query Recordings_List($serverId: ID, $first: Int!, $after: String) {
    terminalRecordings(serverId: $serverId, first: $first, after: $after) {
      nodes {
        id
        containerName
        place
        openedBy
        startedAt
        durationMs
        sizeBytes
        end
        server {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Download = graphql(`
  mutation Recordings_Download($input: StartTerminalRecordingDownloadInput!) {
    startTerminalRecordingDownload(input: $input) {
      url
    }
  }
`);

export const Delete = graphql(`
  mutation Recordings_Delete($input: DeleteTerminalRecordingInput!) {
    deleteTerminalRecording(input: $input) {
      deletedRecordingId
    }
  }
`);
