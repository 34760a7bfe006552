import { createDownloadHandler } from '../http/download.ts';
import { createUploadHandler } from '../http/upload.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { downloadPath, fileDownloads } from './route.ts';
import { fileUploads, uploadPath } from './upload-route.ts';

/** What goes beside GraphQL: the bytes of files. */
export function dockerFilesRoom(platform: Platform, services: Services): Room {
  return {
    name: 'docker-files',
    routes(router) {
      router.http({
        path: `${downloadPath}*`,
        methods: ['GET'],
        handle: createDownloadHandler(platform.log, fileDownloads(services)),
      });
      router.http({
        path: `${uploadPath}*`,
        methods: ['PUT'],
        handle: createUploadHandler(platform.log, fileUploads(services)),
      });
    },
  };
}
