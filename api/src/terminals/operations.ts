import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const TerminalFields = graphql(`
  fragment TerminalFields on Terminal {
    id
    containerId
    privileged
    actor
    openedAt
    columns
    rows
    viewers
  }
`);

export const OpenContainerTerminalDocument = graphql(`
  mutation OpenContainerTerminal($id: ID!, $containerId: ID!, $user: String, $columns: Int!, $rows: Int!) {
    terminal: openContainerTerminal(
      id: $id
      containerId: $containerId
      user: $user
      columns: $columns
      rows: $rows
    ) {
      ...TerminalFields
    }
  }
`);

export const ContainerTerminalsDocument = graphql(`
  query ContainerTerminals {
    terminals: containerTerminals {
      ...TerminalFields
    }
  }
`);

export const ContainerTerminalDocument = graphql(`
  subscription ContainerTerminal($id: ID!, $windowBytes: Int!, $recording: Boolean) {
    event: containerTerminal(id: $id, windowBytes: $windowBytes, recording: $recording) {
      kind
      text
      columns
      rows
      reason
      exitCode
      endsInMs
    }
  }
`);

export const WriteContainerTerminalDocument = graphql(`
  mutation WriteContainerTerminal($id: ID!, $text: String!) {
    done: writeContainerTerminal(id: $id, text: $text) {
      id
    }
  }
`);

export const ResizeContainerTerminalDocument = graphql(`
  mutation ResizeContainerTerminal($id: ID!, $columns: Int!, $rows: Int!) {
    terminal: resizeContainerTerminal(id: $id, columns: $columns, rows: $rows) {
      ...TerminalFields
    }
  }
`);

export const CloseContainerTerminalDocument = graphql(`
  mutation CloseContainerTerminal($id: ID!) {
    done: closeContainerTerminal(id: $id) {
      id
    }
  }
`);

export const OpenHostTerminalDocument = graphql(`
  mutation OpenHostTerminal($id: ID!, $columns: Int!, $rows: Int!) {
    terminal: openHostTerminal(id: $id, columns: $columns, rows: $rows) {
      ...TerminalFields
    }
  }
`);

export const HostTerminalsDocument = graphql(`
  query HostTerminals {
    terminals: hostTerminals {
      ...TerminalFields
    }
  }
`);

export const HostTerminalDocument = graphql(`
  subscription HostTerminal($id: ID!, $windowBytes: Int!, $recording: Boolean) {
    event: hostTerminal(id: $id, windowBytes: $windowBytes, recording: $recording) {
      kind
      text
      columns
      rows
      reason
      exitCode
      endsInMs
    }
  }
`);

export const WriteHostTerminalDocument = graphql(`
  mutation WriteHostTerminal($id: ID!, $text: String!) {
    done: writeHostTerminal(id: $id, text: $text) {
      id
    }
  }
`);

export const ResizeHostTerminalDocument = graphql(`
  mutation ResizeHostTerminal($id: ID!, $columns: Int!, $rows: Int!) {
    terminal: resizeHostTerminal(id: $id, columns: $columns, rows: $rows) {
      ...TerminalFields
    }
  }
`);

export const CloseHostTerminalDocument = graphql(`
  mutation CloseHostTerminal($id: ID!) {
    done: closeHostTerminal(id: $id) {
      id
    }
  }
`);

export const TerminalNewsDocument = graphql(`
  subscription TerminalNews {
    news: terminalNews {
      open
      ended {
        id
        reason
        exitCode
        openedAt
        endedAt
      }
    }
  }
`);
