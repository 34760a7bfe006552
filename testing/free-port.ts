import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * Below those that Linux gives to outgoing connections (ip(7), ip_local_port_range: from 32768): while its server is away,
 * whoever dials anything could be given the port, even those who dial the server itself.
 */
const [from, below] = [10_000, 32_768];

/** A port of the loopback interface that nobody has at this moment, for a server that is to come back at the same address. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(from, below);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue; // Somebody has it.
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
