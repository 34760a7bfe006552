import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { JobRig } from './rig.ts';

/** Somebody who has a log open and does not read on, as a browser in a tunnel does. */
export interface SlowViewer extends AsyncDisposable {
  /** Reads on, to the end. @returns all that was sent, in order */
  rest(): Promise<string>;
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly containerLogs: { segments: { text: string }[] } } | null };
}
const parse: (text: string) => Message = JSON.parse;

/** Opens all of the log of a container, and stops to read with the first of it. */
export async function slowViewer(
  { admin, plane, serverId }: JobRig,
  containerId: string,
): Promise<SlowViewer> {
  const { cookie = '', proof } = admin.session;
  const { origin, host } = new URL(plane.url);
  const socket = new WebSocket(`ws://${host}/graphql`, 'graphql-transport-ws', {
    headers: { origin, cookie },
  });
  let text = '';
  const complete = new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      const { type, payload } = parse(data.toString());
      if (type === 'connection_ack') subscribe();
      for (const segment of payload?.data?.containerLogs.segments ?? []) text += segment.text;
      if (type === 'complete') resolve();
      if (type === 'error') reject(new Error(data.toString()));
    });
    socket.on('close', (code, reason) => reject(new Error(`closed: ${code} ${reason.toString()}`)));
  });
  complete.catch(() => undefined);

  function subscribe(): void {
    const query =
      'subscription ($serverId: ID!, $containerId: ID!) { containerLogs(serverId: $serverId, containerId: $containerId, follow: false) { segments { text } } }';
    const payload = { query, variables: { serverId, containerId } };
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    socket.once('message', () => socket.pause());
  }

  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { session: proof } }));
  while (!socket.isPaused) await once(socket, 'message');
  return {
    async rest() {
      socket.resume();
      await complete;
      return text;
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await once(socket, 'close');
    },
  };
}
