import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** CPU (µs) for a frame received from another process and parsed. */
export async function rawReceive(frame: string, count: number): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address();
  const { port }: Pick<AddressInfo, 'port'> =
    typeof address === 'object' && address !== null ? address : { port: 0 };
  const sender = fork(new URL('metrics-sender.ts', import.meta.url), [String(port), String(count), frame]);
  const done = Promise.withResolvers<number>();
  server.on('connection', (socket) => {
    let began = process.cpuUsage();
    let received = 0;
    socket.on('message', (data) => {
      if (received === 1_000) began = process.cpuUsage();
      const parsed: unknown = JSON.parse(String(data));
      received += parsed === null ? 0 : 1;
      if (received < count) return;
      const { user, system } = process.cpuUsage(began);
      done.resolve((user + system) / (count - 1_000));
    });
  });
  const result = await done.promise;
  sender.kill();
  server.close();
  for (const socket of server.clients) socket.terminate();
  return result;
}
