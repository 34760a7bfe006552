import type { LevelWithSilent } from 'pino';
import type { StackPlaces } from './stack-places.ts';
import type { Server } from '@serverkit/prisma/generated/client/client.ts';

/** What the agent is told through its line to us: see `ParentMessage` in agent/src/parent.ts. */
export interface MessageInput {
  readonly server: Pick<Server, 'scopes'>;
  /** Of the control plane. */
  readonly socket: string;
  /** As the agent finds it. */
  readonly stateDir: string;
  readonly deniedPaths: readonly string[];
  readonly stacks: StackPlaces;
  /** undefined when it is registered. */
  readonly token: string | undefined;
  readonly logLevel: LevelWithSilent;
}

/**
 * One line. The ceiling in it is the server's own, which begins with looking, starting and stopping
 * (`localAgentScopes`) and is raised in the dashboard: a second one, in a file on the same machine, would add nothing.
 */
export function messageTo({
  server,
  socket,
  stateDir,
  deniedPaths,
  stacks,
  token,
  logLevel,
}: MessageInput): string {
  const message = {
    server: `unix:${socket}`,
    stateDir,
    scopes: server.scopes,
    deniedPaths,
    stacks,
    token: token ?? null,
    ca: null,
    logLevel: levels[logLevel],
    dockerSocket: null,
  };
  return `${JSON.stringify(message)}\n`;
}

/** Our levels in the agent's words; what it then says too much, our own log leaves out. */
const levels: Readonly<Record<string, string>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  silent: 'error',
};
