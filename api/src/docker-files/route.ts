import { credentialOf, type PersonPrincipal } from '../context.ts';
import { permissionDenied, unauthenticated } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import type { DownloadKind } from '../http/download.ts';
import type { Services } from '../services.ts';
import type { Asker, Download, DownloadedFile } from './service.ts';

/** Before the secret of a ticket. */
export const downloadPath = '/files/download/';

/** A file, or an archive of a folder, by `GET /files/download/<ticket>`. */
export function fileDownloads(services: Services): DownloadKind<Download, Asker> {
  async function rightsNow(principal: PersonPrincipal) {
    const id = credentialOf(principal);
    const now = (await renew(services, [id])).get(id);
    if (!now) throw unauthenticated();
    return now.rights;
  }

  return {
    path: downloadPath,
    take: (secret) => services.dockerFiles.takeDownload(secret),
    async allow({ principal, actor, request }, signal) {
      const held = (await rightsNow(principal)).on(request.serverId);
      if (!held.has('files:read')) throw permissionDenied('files:read');
      const heldScopes = (['docker:containers:privileged'] as const).filter((scope) => held.has(scope));
      return { actor, signal, heldScopes };
    },
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
