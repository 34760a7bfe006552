/** Sends the same frame over and over, one at a time as a fleet's samples come: not many in one read. */
import { WebSocket } from 'ws';

const [port, count, frame] = process.argv.slice(2);
const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
socket.on('open', () => {
  let left = Number(count);
  const next = (): void => {
    if (left-- > 0) socket.send(String(frame), () => setImmediate(next));
  };
  next();
});
