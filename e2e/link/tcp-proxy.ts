import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** A network between an agent and its control plane, which can be slow, lose everything in silence, or break. */
export interface Network extends AsyncDisposable {
  readonly url: string;
  /** Carries nothing any more, either way, and says so to nobody. New connections are met with the same silence. */
  drop(): void;
  /** Carries on with what it held back. */
  restore(): void;
  /** Breaks every connection there is. */
  cut(): void;
  /** Bytes that have left towards the control plane since the start. */
  readonly upstreamBytes: number;
}

export interface NetworkOptions {
  /** Of each direction. @default as fast as it goes */
  readonly bytesPerSecond?: number;
  /** One way, in milliseconds. @default 0 */
  readonly delayMs?: number;
}

/** What a router in between holds of each direction before it lets the sender wait, in bytes. */
const routerBuffer = 64 * 1024;
/** What goes over the line in one piece, in bytes: small enough that a short message is not held up by one. */
const pieceBytes = 4 * 1024;

export async function openNetwork(target: string, options: NetworkOptions = {}): Promise<Network> {
  const { hostname, port } = new URL(target);
  const lines = new Set<Line>();
  let dropping = false;
  let upstreamBytes = 0;

  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const up = createLine(near, far, options, (bytes) => (upstreamBytes += bytes));
    const down = createLine(far, near, options, () => undefined);
    for (const line of [up, down]) {
      lines.add(line);
      line.stop(dropping);
    }
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        lines.delete(up);
        lines.delete(down);
        up.end();
        down.end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  const network: Network = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    get upstreamBytes() {
      return upstreamBytes;
    },
    drop() {
      dropping = true;
      for (const line of lines) line.stop(true);
    },
    restore() {
      dropping = false;
      for (const line of lines) line.stop(false);
    },
    cut() {
      for (const line of lines) line.end();
    },
    async [Symbol.asyncDispose]() {
      network.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return network;
}

interface Line {
  stop(stopped: boolean): void;
  end(): void;
}

/** One direction: each piece takes its time on the line, then its way to the other end. */
function createLine(
  from: Socket,
  to: Socket,
  { bytesPerSecond = Number.POSITIVE_INFINITY, delayMs = 0 }: NetworkOptions,
  onSent: (bytes: number) => void,
): Line {
  const shaped = Number.isFinite(bytesPerSecond) || delayMs > 0;
  const timers = new Set<NodeJS.Timeout>();
  /** In order, whatever order the timers fire in. */
  const onTheLine: Buffer[] = [];
  const onItsWay: Buffer[] = [];
  let free = 0;
  let held = 0;
  let stopped = false;

  const flow = (): void => {
    if (stopped || held >= routerBuffer) from.pause();
    else from.resume();
  };
  const deliver = (piece: Buffer | undefined): void => {
    if (!piece || to.destroyed) return;
    onSent(piece.length);
    to.write(piece);
  };

  from.on('data', (chunk: Buffer) => {
    if (!shaped) return deliver(chunk);
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      const now = performance.now();
      free = Math.max(now, free) + (piece.length / bytesPerSecond) * 1_000;
      held += piece.length;
      onTheLine.push(piece);
      later(free - now, () => {
        const [next] = onTheLine.splice(0, 1);
        if (!next) return;
        held -= next.length;
        flow();
        onItsWay.push(next);
        later(delayMs, () => deliver(onItsWay.shift()));
      });
    }
    flow();
  });
  from.once('end', () => later(Math.max(0, free - performance.now()) + delayMs + 1, () => to.end()));

  function later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  }

  return {
    stop(now) {
      stopped = now;
      flow();
    },
    end() {
      for (const timer of timers) clearTimeout(timer);
      from.destroy();
      to.destroy();
    },
  };
}
