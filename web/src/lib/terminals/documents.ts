import { graphql } from '../generated/gql.ts';

export const List = graphql(`
  query Terminals_InContainers($serverId: ID!) {
    containerTerminals(serverId: $serverId) {
      id
      containerId
      openedBy
      openedAt
      viewers
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

export const Write = graphql(`
  mutation Terminals_Write($input: WriteContainerTerminalInput!) {
    writeContainerTerminal(input: $input) {
      terminalId
    }
  }
`);

export const Resize = graphql(`
  mutation Terminals_Resize($input: ResizeContainerTerminalInput!) {
    resizeContainerTerminal(input: $input) {
      terminal {
        columns
        rows
      }
    }
  }
`);

export const Close = graphql(`
  mutation Terminals_Close($input: CloseContainerTerminalInput!) {
    closeContainerTerminal(input: $input) {
      terminalId
    }
  }
`);

export const Shown = graphql(`
  mutation Terminals_Shown($input: AcknowledgeContainerTerminalInput!) {
    acknowledgeContainerTerminal(input: $input)
  }
`);

export const Follow = graphql(`
  subscription Terminals_Follow($serverId: ID!, $terminalId: ID!, $viewerId: ID!) {
    containerTerminal(serverId: $serverId, terminalId: $terminalId, viewerId: $viewerId) {
      kind
      text
      columns
      rows
      reason
      exitCode
    }
  }
`);
