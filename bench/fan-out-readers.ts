/** Many viewers in a process of their own: opens the sockets it is told to, and says when all of them got an event. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ReadersOrder } from './fan-out.ts';

/** Sockets dialled at once, so that the listener's queue holds them. */
const batch = 50;

process.once('message', (order: ReadersOrder) => void run(order));

async function run({ url, count, headers, proof, query }: ReadersOrder): Promise<void> {
  let received = 0;
  /** Readers that have seen an event; counting begins when all have, and what was on its way has arrived. */
  let silent = count;
  let settling: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = undefined;
      received = 0;
      process.send?.('ready');
    }, 500);
  };
  const listen = (ws: WebSocket): void => {
    let seen = false;
    ws.on('message', () => {
      if (!seen) {
        seen = true;
        silent -= 1;
        if (silent > 0) return;
        process.send?.('primed');
        settle();
      } else if (settling) {
        settle();
      } else {
        received += 1;
        if (received % count === 0) process.send?.('all');
      }
    });
  };
  const open = async (n: number): Promise<void> => {
    const ws = new WebSocket(url, 'graphql-transport-ws', { headers, perMessageDeflate: false });
    await once(ws, 'open');
    if (query !== undefined) {
      ws.send(JSON.stringify({ type: 'connection_init', payload: { session: proof } }));
      await once(ws, 'message');
      const text = query.replace('$n', String(n));
      ws.send(JSON.stringify({ type: 'subscribe', id: `reader-${n}`, payload: { query: text } }));
    }
    listen(ws);
  };
  for (let n = 0; n < count; n += batch) {
    await Promise.all(Array.from({ length: Math.min(batch, count - n) }, (_, index) => open(n + index)));
  }
  process.send?.('open');
}

process.once('disconnect', () => process.exit(0));
