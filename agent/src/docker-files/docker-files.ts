import type { DockerService } from '../docker/service.ts';
import { download } from './download.ts';
import { listed } from './listing.ts';
import { checkedPath } from './place.ts';
import { createPlaces, type Access, type Opened } from './places.ts';
import type { DockerFiles, FileRequest } from './service.ts';

/** A folder with much in it is looked at for so long; then what was seen is told. Ms. */
const LOOK_WITHIN = 12_000;

export interface DockerFilesOptions {
  readonly docker: Pick<DockerService, 'engine' | 'find'>;
  /** @default 12_000 */
  readonly lookWithinMs?: number;
}

export function createDockerFiles({ docker, lookWithinMs = LOOK_WITHIN }: DockerFilesOptions): DockerFiles {
  const places = createPlaces(docker);

  const open = ({ place, authority }: FileRequest, access: Access, signal: AbortSignal): Promise<Opened> =>
    places.open({ place, access, authority, signal });

  return {
    async list(request, page) {
      const { path, signal } = request;
      const checked = checkedPath(path);
      await using place = await open(request, 'READ', signal);
      return await listed(place, checked, { ...page, withinMs: lookWithinMs }, signal);
    },
    download(request, archive, credits) {
      const path = checkedPath(request.path);
      return download((signal) => open(request, 'READ', signal), { path, archive }, credits, request.signal);
    },
  };
}
