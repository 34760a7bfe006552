import { pipeline } from 'node:stream/promises';
import type { Channel, Exchange } from '../http/exchange.ts';
import { sendText } from '../http/exchange.ts';
import type { Room } from '../platform.ts';
import { architectures } from './node-runtime.ts';
import { InstallProblem } from './problem.ts';
import type { Install } from './service.ts';

/** Open to everybody, in the clear too: none of it is secret, and whoever uses it knows its hash. */
const everywhere: readonly Channel[] = ['main', 'plaintext'];

/** Serves the installer and what it downloads. */
export function installRoom(install: Install): Room {
  return {
    name: 'install',
    routes(router) {
      const common = { methods: ['GET', 'HEAD'], channels: everywhere, anyHost: true } as const;
      router.http({ ...common, path: '/install.sh', handle: explained(sendScript) });
      router.http({ ...common, path: '/agent/dist/*', handle: explained(sendDownload) });
    },
  };

  async function sendScript({ request, response }: Exchange): Promise<void> {
    const { text } = await install.script();
    response.writeHead(200, {
      'content-type': 'text/x-shellscript; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async function sendDownload(exchange: Exchange): Promise<void> {
    const { request, response, path } = exchange;
    const name = path.slice('/agent/dist/'.length);
    const runtime = architectures.find((architecture) => name === `node-linux-${architecture}.gz`);
    const head = (bytes: number | undefined): void => {
      response.writeHead(200, {
        'content-type': 'application/gzip',
        'cache-control': 'no-cache',
        ...(bytes === undefined ? {} : { 'content-length': bytes }),
      });
    };
    if (!runtime) {
      const file = (await install.files()).find((one) => name === `${one.name}.gz`);
      if (!file) return sendText(response, 404, 'There is nothing here.');
      head(file.gzipped.length);
      response.end(request.method === 'HEAD' ? undefined : file.gzipped);
      return;
    }
    const { stream, bytes } = await (await install.runtimes.get(runtime)).open();
    head(bytes);
    if (request.method === 'HEAD') {
      stream.destroy();
      response.end();
      return;
    }
    // A reader who goes away in the middle is no fault of ours.
    await pipeline(stream, response).catch(() => undefined);
  }
}

type Handle = (exchange: Exchange) => Promise<void>;

/** Answers a foreseen problem with its sentence, which the installer shows. */
function explained(handle: Handle): Handle {
  return async (exchange) => {
    try {
      await handle(exchange);
    } catch (error) {
      if (!(error instanceof InstallProblem)) throw error;
      sendText(exchange.response, 404, error.message);
    }
  };
}
