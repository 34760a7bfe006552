import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { issueAuthority, issueServer } from '../../api/src/http/issue-certificate.ts';
import { run } from '../../testing/processes.ts';
import type { Network } from './machine.ts';

/** First byte of a TLS handshake (RFC 8446 §5.1). */
const handshake = 0x16;

/** Someone in between who answers in the control plane's place. */
export interface Attacker extends AsyncDisposable {
  /** Connections over TLS that got as far as a handshake that the other side accepted. */
  readonly accepted: number;
  /** Changes what is downloaded: the unpacked content in, what the machine gets out. */
  tamper: (path: string, content: string) => string;
}

/**
 * Takes over every connection that the machine makes to the control plane: plain ones are passed on and changed on the way
 * back, those over TLS end here, with a certificate for the right address from an authority of the attacker's own.
 */
export async function attackerOn(cable: Network, victimPort: number): Promise<Attacker> {
  await using undo = new AsyncDisposableStack();
  const state = { accepted: 0, tamper: (_path: string, content: string) => content };
  const authority = await issueAuthority();
  const leaf = await issueServer(authority, [cable.hostAddress]);

  const plain = createServer((request, response) => {
    relay(request, response, cable.hostAddress, victimPort, state).catch(() => response.destroy());
  });
  const tls = createTlsServer({ cert: leaf.certificatePem, key: leaf.keyPem }, (socket) => {
    state.accepted++;
    socket.destroy();
  });
  tls.on('tlsClientError', () => undefined);
  const front = createTcpServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.unshift(chunk);
      (chunk[0] === handshake ? tls : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  front.listen(0, '0.0.0.0');
  await once(front, 'listening');
  undo.defer(async () => {
    plain.closeAllConnections();
    front.close();
    await once(front, 'close');
  });
  const address = front.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  // prettier-ignore
  const rule = [
    'PREROUTING', '-t', 'nat', '-s', cable.machineAddress, '-p', 'tcp', '--dport', String(victimPort),
    '-j', 'REDIRECT', '--to-ports', String(port),
  ];
  await run('iptables', ['-I', ...rule]);
  undo.defer(async () => {
    await run('iptables', ['-D', ...rule]);
  });
  const owned = undo.move();
  return Object.assign(state, { [Symbol.asyncDispose]: () => owned.disposeAsync() });
}

async function relay(
  request: IncomingMessage,
  response: ServerResponse,
  host: string,
  port: number,
  { tamper }: Pick<Attacker, 'tamper'>,
): Promise<void> {
  const path = request.url ?? '/';
  const asked = httpRequest({ host, port, path, agent: false });
  asked.end();
  const [answer]: [IncomingMessage] = await once(asked, 'response').then(([first]) => [first]);
  const body = await buffer(answer);
  const packed = path.endsWith('.gz');
  // The runtime is too large to be worth a change.
  if (packed && body.length > 5_000_000) {
    response.end(body);
    return;
  }
  // A byte is a character, or what is no text would be changed on its way.
  const changed = Buffer.from(tamper(path, (packed ? gunzipSync(body) : body).toString('latin1')), 'latin1');
  response.writeHead(answer.statusCode ?? 502);
  response.end(packed ? gzipSync(changed) : changed);
}
