import { createDownloadHandler } from '../http/download.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { downloadPath, fileDownloads } from './route.ts';

/** What goes beside GraphQL: the bytes of files. */
export function dockerFilesRoom({ log }: Platform, services: Services): Room {
  return {
    name: 'docker-files',
    routes(router) {
      router.http({
        path: `${downloadPath}*`,
        methods: ['GET'],
        handle: createDownloadHandler(log, fileDownloads(services)),
      });
    },
  };
}
