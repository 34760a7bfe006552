import type { AgentScope } from '@serverkit/wire/scopes.ts';
import {
  CloseContainerTerminalDocument,
  CloseHostTerminalDocument,
  ContainerTerminalDocument,
  ContainerTerminalsDocument,
  HostTerminalDocument,
  HostTerminalsDocument,
  ResizeContainerTerminalDocument,
  ResizeHostTerminalDocument,
  WriteContainerTerminalDocument,
  WriteHostTerminalDocument,
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
  host: {
    scope: 'system:terminal',
    list: HostTerminalsDocument,
    follow: HostTerminalDocument,
    write: WriteHostTerminalDocument,
    resize: ResizeHostTerminalDocument,
    close: CloseHostTerminalDocument,
  },
} as const satisfies Record<string, { readonly scope: AgentScope } & Readonly<Record<string, unknown>>>;

export type Place = keyof typeof places;
