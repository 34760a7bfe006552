import { holderOf } from '../context.ts';
import type { DownloadKind } from '../http/download.ts';
import type { Services } from '../services.ts';
import { askerFor } from './asker.ts';
import type { Asker, Download, DownloadedFile } from './service.ts';

/** Before the secret of a ticket. */
export const downloadPath = '/files/download/';

/** A file, or an archive of a folder, by `GET /files/download/<ticket>`. */
export function fileDownloads(services: Services): DownloadKind<Download, Asker> {
  return {
    path: downloadPath,
    take: (secret) => services.dockerFiles.takeDownload(secret),
    holder: ({ principal }) => holderOf(principal),
    allow: (download, signal) => askerFor(services, download, 'files:read', signal),
    async open({ request }, asker) {
      const stream = services.dockerFiles.read(request, asker);
      const first = await stream.next();
      if (first.done || Buffer.isBuffer(first.value))
        throw new TypeError('A download began without its name.');
      const { name, sizeBytes } = first.value;
      return {
        name: request.archive ? `${name || 'files'}.tar` : name,
        contentType: request.archive ? 'application/x-tar' : 'application/octet-stream',
        sizeBytes,
        body: bytesOf(stream),
      };
    },
    ended: (download, end) => services.dockerFiles.downloaded(download, end),
  };
}

async function* bytesOf(pieces: AsyncGenerator<DownloadedFile | Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) if (Buffer.isBuffer(piece)) yield piece;
}
