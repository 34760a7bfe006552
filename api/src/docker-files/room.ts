import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import { createDownloadHandler, downloadPath } from './route.ts';

/** What goes beside GraphQL: the bytes of files. */
export function dockerFilesRoom(platform: Platform, services: Services): Room {
  return {
    name: 'docker-files',
    routes(router) {
      router.http({
        path: `${downloadPath}*`,
        methods: ['GET'],
        handle: createDownloadHandler({ platform, services }),
      });
    },
  };
}
