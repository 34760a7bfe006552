import type { AgentScope } from '@serverkit/wire/scopes.ts';
import {
  CloseContainerTerminalDocument,
  ContainerTerminalDocument,
  ContainerTerminalsDocument,
  ResizeContainerTerminalDocument,
  WriteContainerTerminalDocument,
} from './operations.ts';

/** Where terminals are, each with the scope it takes and the operations of the agent. */
export const places = {
  container: {
    scope: 'docker:containers:exec',
    list: ContainerTerminalsDocument,
    follow: ContainerTerminalDocument,
    write: WriteContainerTerminalDocument,
    resize: ResizeContainerTerminalDocument,
    close: CloseContainerTerminalDocument,
  },
} as const satisfies Record<string, { readonly scope: AgentScope } & Readonly<Record<string, unknown>>>;

export type Place = keyof typeof places;
