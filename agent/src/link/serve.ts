import { GraphQLError, type ExecutionResult } from 'graphql';
import { makeServer, type ServerOptions } from 'graphql-ws';
import type WebSocket from 'ws';
import type { RawData } from 'ws';
import { grantsOf, receivedOf } from '@serverkit/wire/credits.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import { bulkWindowBytes, maxFrameBytes } from '@serverkit/wire/handshake.ts';
import { AgentError, describe } from '../errors.ts';
import type { Executor } from './execute.ts';
import { mask } from './masking.ts';
import { createSendWindow } from './send-window.ts';

export interface Serving {
  /** Resolves when a piece of a bulk stream may be sent without control messages queueing behind it. */
  roomToSend(streamId: string, bytes: number): Promise<void>;
  /** The socket is gone; must be called exactly once. */
  closed(code: number, reason: string): void;
}

export interface ServeOptions {
  readonly socket: WebSocket;
  /**
   * Answers `connection_init`: the acknowledgement's payload, or null when the other side is not the control
   * plane this agent was registered with.
   */
  readonly handshake: (init: unknown) => Record<string, unknown> | null;
  /** The executor of the session that the handshake made. */
  readonly executor: () => Executor;
  readonly initTimeoutMs: number;
  readonly log: { error(message: string): void };
}

/**
 * Serves the agent's schema on a socket that the agent itself dialed. graphql-ws keeps the protocol; around it
 * stands what it leaves open: no rejection of its handlers and no failed send may end the process, and Complete
 * and the loss of the link abort what is running.
 */
export function serve({ socket, handshake, executor, initTimeoutMs, log }: ServeOptions): Serving {
  const line = createSendWindow(socket, bulkWindowBytes);
  let acknowledged = false;
  const masked = (errors: readonly GraphQLError[]) => errors.map((error) => mask(error, log).toJSON());

  const options: ServerOptions = {
    connectionInitWaitTimeout: initTimeoutMs,
    onConnect(ctx) {
      const ack = handshake(ctx.connectionParams);
      if (!ack) {
        socket.close(linkCloseCodes.unauthorized, 'The control plane could not prove itself');
        return false;
      }
      acknowledged = true;
      return ack;
    },
    onPing(_ctx, payload) {
      if (!acknowledged) return;
      line.received(receivedOf(payload));
      for (const { streamId, bytes } of grantsOf(payload)) executor().grant(streamId, bytes);
    },
    onSubscribe(_ctx, id, payload) {
      const refused = (error: unknown) => [error instanceof GraphQLError ? error : unexpected(error, log)];
      try {
        const args = executor().prepare(id, payload.extensions?.['serverkit']);
        return args instanceof Promise ? args.catch(refused) : args;
      } catch (error) {
        return refused(error);
      }
    },
    execute: (args) => executor().execute(args).catch(failed),
    subscribe: (args) => executor().subscribe(args),
    onNext: (_ctx, _id, _payload, _args, { errors, data }) =>
      errors ? { data: data ?? null, errors: masked(errors) } : undefined,
    onError: (_ctx, _id, _payload, errors) => masked(errors),
  };

  let handle: (data: string) => Promise<void> = () => Promise.resolve();
  const onClosed = makeServer(options).opened(
    {
      protocol: 'graphql-transport-ws',
      send: (text) => send(text),
      close: (code, reason) => socket.close(code, reason),
      onMessage(callback) {
        handle = callback;
      },
      // A pong would only repeat the grants.
      onPing: () => undefined,
    },
    {},
  );

  socket.on('message', (data: RawData, isBinary: boolean) => {
    void receive(data, isBinary);
  });

  /** What cannot begin is the operation's failure; thrown on, it would be the link's. */
  function failed(error: unknown): ExecutionResult {
    return { errors: [error instanceof GraphQLError ? error : unexpected(error, log)] };
  }

  async function receive(data: RawData, isBinary: boolean): Promise<void> {
    // Frames still arrive while the link is being closed. Nothing new begins then.
    if (socket.readyState !== socket.OPEN) return;
    try {
      const text = isBinary || !Buffer.isBuffer(data) ? 'null' : data.toString('utf8');
      const message: unknown = JSON.parse(text);
      if (!isMessage(message)) {
        socket.close(linkCloseCodes.protocol, 'Not a message of this protocol');
        return;
      }
      const id = acknowledged && typeof message.id === 'string' ? message.id : undefined;
      if (message.type === 'complete' && id !== undefined) executor().cancel(id);
      if (message.type === 'subscribe' && id !== undefined && executor().isRunning(id)) {
        // Answering would end the operation that rightly has this id.
        executor().refuseRepeated(id);
        socket.close(linkCloseCodes.protocol, 'An operation came twice');
        return;
      }
      await handle(text);
      if (message.type === 'subscribe' && id !== undefined) {
        executor().ended(id);
        line.forget(id);
        if (executor().isTamperedWith()) {
          socket.close(linkCloseCodes.protocol, 'Too many operations that nobody signed');
        }
      }
    } catch (error) {
      log.error(`a message from the control plane could not be handled: ${describe(error)}`);
      socket.close(linkCloseCodes.protocol, 'Message could not be handled');
    }
  }

  function send(text: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    const bytes = Buffer.byteLength(text);
    const frame = bytes <= maxFrameBytes ? text : tooLarge(text);
    const streamId = frame === text ? streamOf(text) : undefined;
    if (streamId !== undefined) line.sent(streamId, bytes);
    return new Promise((resolve) => {
      // A send that fails means the link is gone: 'close' tells everyone, nobody needs it told here too.
      socket.send(frame, () => {
        resolve();
        line.look();
      });
    });
  }

  function tooLarge(text: string): string {
    const message: unknown = JSON.parse(text);
    const id = isMessage(message) && typeof message.id === 'string' ? message.id : undefined;
    if (id !== undefined) executor().cancel(id);
    const error = new AgentError(
      'RESULT_TOO_LARGE',
      'The answer is too large for one message; ask for less of it.',
    );
    return JSON.stringify({ id, type: 'error', payload: [error.toJSON()] });
  }

  return {
    roomToSend: (streamId, bytes) => line.room(streamId, bytes),
    closed(code, reason) {
      if (acknowledged) executor().close();
      line.look();
      onClosed(code, reason).catch((error: unknown) => log.error(`closing the link: ${describe(error)}`));
    },
  };
}

/** The id of a `next` message, as graphql-ws writes it. */
function streamOf(text: string): string | undefined {
  const [, id] = /^\{"id":("(?:[^"\\]|\\.)*"),"type":"next",/.exec(text) ?? [];
  return id === undefined ? undefined : String(JSON.parse(id));
}

function isMessage(value: unknown): value is { type: string; id?: unknown } {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function unexpected(error: unknown, log: { error(message: string): void }): AgentError {
  log.error(`unexpected failure: ${describe(error)}`);
  return new AgentError('AGENT_INTERNAL', 'The agent failed unexpectedly; its log says why.');
}
