import { credentialOf } from '../context.ts';
import { unauthenticated } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import { createDownloadHandler, type DownloadKind } from '../http/download.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import type { RecordingDownload } from './recording/shelf.ts';

/** Before the secret of a ticket. */
export const recordingDownloadPath = '/terminals/recordings/download/';

/** Recordings: what goes beside GraphQL, and what a start goes on with. */
export function terminalsRoom({ log }: Pick<Platform, 'log'>, services: Services): Room {
  const { recordings } = services.terminals;
  return {
    name: 'terminals',
    routes(router) {
      router.http({
        path: `${recordingDownloadPath}*`,
        methods: ['GET'],
        handle: createDownloadHandler(log, downloads(services)),
      });
    },
    prepare: () => recordings.resume(),
    drain: () => recordings.pause(),
  };
}

function downloads(services: Services): DownloadKind<RecordingDownload, void> {
  const { shelf } = services.terminals.recordings;
  return {
    path: recordingDownloadPath,
    take: (secret) => shelf.take(secret),
    holder: ({ principal }) => principal.user.id,
    async allow({ principal, recording }) {
      const id = credentialOf(principal);
      const now = (await renew(services, [id])).get(id);
      if (!now) throw unauthenticated();
      await shelf.get(recording.id, now.rights);
    },
    open: ({ recording }) =>
      Promise.resolve({
        name: `${recording.id}.cast`,
        contentType: 'application/x-asciicast',
        sizeBytes: null,
        body: shelf.read(recording),
      }),
    ended: (download, end) => shelf.downloaded(download, end),
  };
}
