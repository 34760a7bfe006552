import { credentialOf, holderOf } from '../context.ts';
import { unauthenticated } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import { createDownloadHandler, type DownloadKind } from '../http/download.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { requireLogs, type LogDownload } from './service.ts';

/** Before the secret of a ticket. */
export const logDownloadPath = '/logs/download/';

/** What goes beside GraphQL: logs as files. */
export function logsRoom({ log }: Pick<Platform, 'log'>, services: Services): Room {
  return {
    name: 'logs',
    routes(router) {
      router.http({
        path: `${logDownloadPath}*`,
        methods: ['GET'],
        handle: createDownloadHandler(log, logDownloads(services)),
      });
    },
  };
}

function logDownloads(services: Services): DownloadKind<LogDownload, AbortSignal> {
  return {
    path: logDownloadPath,
    take: (secret) => services.logs.takeDownload(secret),
    holder: ({ principal }) => holderOf(principal),
    async allow({ principal, request }, signal) {
      const id = credentialOf(principal);
      const now = (await renew(services, [id])).get(id);
      if (!now) throw unauthenticated();
      requireLogs(now.rights, request.sources);
      return signal;
    },
    async open(download, signal) {
      const { name, body } = await services.logs.read(download, signal);
      return {
        name,
        contentType: download.format === 'NDJSON' ? 'application/x-ndjson' : 'text/plain; charset=utf-8',
        sizeBytes: null,
        body: await begun(body),
      };
    },
    ended: (download, end) => services.logs.downloaded(download, end),
  };
}

/** Waits for the first piece, so that a log that cannot be read at all is an error and not an empty file. */
async function begun(body: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const iterator = body[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* all() {
    try {
      for (let step = first; !step.done; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  })();
}
