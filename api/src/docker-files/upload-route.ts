import { holderOf } from '../context.ts';
import type { UploadKind } from '../http/upload.ts';
import type { Services } from '../services.ts';
import { askerFor } from './asker.ts';
import type { Asker, Upload } from './service.ts';

/** Before the secret of a ticket. */
export const uploadPath = '/files/upload/';

/** A file into a container or volume, by `PUT /files/upload/<ticket>`. */
export function fileUploads(services: Services): UploadKind<Upload, Asker> {
  const { dockerFiles } = services;
  return {
    path: uploadPath,
    take: (secret) => dockerFiles.takeUpload(secret),
    sizeOf: ({ request }) => request.sizeBytes,
    holder: ({ principal }) => holderOf(principal),
    allow: (upload, signal) => askerFor(services, upload, 'files:write', signal),
    send: (upload, pieces, asker) => dockerFiles.send(upload, pieces, asker),
    async finish(upload, sha256, asker) {
      const { path, sizeBytes } = await dockerFiles.putInPlace(upload, sha256, asker);
      return { path, sizeBytes };
    },
    dropped: (upload, end) => dockerFiles.dropped(upload, end),
  };
}
