import { graphql } from '../generated/gql.ts';

/** Whether terminals on a server are recorded, asked for or not. */
export const Required = graphql(`
  query Terminals_Required($serverId: ID!) {
    server(id: $serverId) {
      terminalRecordingRequired
    }
  }
`);

export const Open = graphql(`
  mutation Terminals_Open($input: OpenContainerTerminalInput!) {
    openContainerTerminal(input: $input) {
      terminal {
        id
      }
    }
  }
`);

export const OpenOnHost = graphql(`
  mutation Terminals_OpenOnHost($input: OpenHostTerminalInput!) {
    openHostTerminal(input: $input) {
      terminal {
        id
      }
    }
  }
`);

const InContainers = {
  list: graphql(`
    query Terminals_InContainers($serverId: ID!) {
      terminals: containerTerminals(serverId: $serverId) {
        id
        containerId
        openedBy
        openedAt
        viewers
      }
    }
  `),
  write: graphql(`
    mutation Terminals_Write($input: WriteContainerTerminalInput!) {
      done: writeContainerTerminal(input: $input) {
        terminalId
      }
    }
  `),
  resize: graphql(`
    mutation Terminals_Resize($input: ResizeContainerTerminalInput!) {
      done: resizeContainerTerminal(input: $input) {
        terminal {
          columns
          rows
        }
      }
    }
  `),
  close: graphql(`
    mutation Terminals_Close($input: CloseContainerTerminalInput!) {
      done: closeContainerTerminal(input: $input) {
        terminalId
      }
    }
  `),
  shown: graphql(`
    mutation Terminals_Shown($input: AcknowledgeContainerTerminalInput!) {
      done: acknowledgeContainerTerminal(input: $input)
    }
  `),
  follow: graphql(`
    subscription Terminals_Follow($serverId: ID!, $terminalId: ID!, $viewerId: ID!) {
      event: containerTerminal(serverId: $serverId, terminalId: $terminalId, viewerId: $viewerId) {
        kind
        text
        columns
        rows
        reason
        exitCode
        endsInMs
        recorded
        recordingEnd
      }
    }
  `),
};

const OnHost = {
  list: graphql(`
    query Terminals_OnHost($serverId: ID!) {
      terminals: hostTerminals(serverId: $serverId) {
        id
        containerId
        openedBy
        openedAt
        viewers
      }
    }
  `),
  write: graphql(`
    mutation Terminals_WriteOnHost($input: WriteHostTerminalInput!) {
      done: writeHostTerminal(input: $input) {
        terminalId
      }
    }
  `),
  resize: graphql(`
    mutation Terminals_ResizeOnHost($input: ResizeHostTerminalInput!) {
      done: resizeHostTerminal(input: $input) {
        terminal {
          columns
          rows
        }
      }
    }
  `),
  close: graphql(`
    mutation Terminals_CloseOnHost($input: CloseHostTerminalInput!) {
      done: closeHostTerminal(input: $input) {
        terminalId
      }
    }
  `),
  shown: graphql(`
    mutation Terminals_ShownOnHost($input: AcknowledgeHostTerminalInput!) {
      done: acknowledgeHostTerminal(input: $input)
    }
  `),
  follow: graphql(`
    subscription Terminals_FollowOnHost($serverId: ID!, $terminalId: ID!, $viewerId: ID!) {
      event: hostTerminal(serverId: $serverId, terminalId: $terminalId, viewerId: $viewerId) {
        kind
        text
        columns
        rows
        reason
        exitCode
        endsInMs
        recorded
        recordingEnd
      }
    }
  `),
};

/** What is asked of a terminal, by where it is: one of each, as each takes a scope of its own. */
export const documentsOf = { container: InContainers, host: OnHost } as const;
export type TerminalPlace = keyof typeof documentsOf;
