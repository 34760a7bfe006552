import type { DockerService } from '../docker/service.ts';
import type { Log } from '../log.ts';
import { download } from './download.ts';
import { listed } from './listing.ts';
import { checkedPath } from './place.ts';
import { createHelpers } from './helpers.ts';
import { createPlaces, type Opened } from './places.ts';
import type { DockerFiles, FileRequest } from './service.ts';

/** A folder with much in it is looked at for so long; then what was seen is told. Ms. */
const LOOK_WITHIN = 12_000;

export interface DockerFilesOptions {
  readonly docker: Pick<DockerService, 'engine' | 'facts' | 'find'>;
  /** Names this agent among others on the engine. */
  readonly owner: string;
  readonly log: Log;
  /** @default 12_000 */
  readonly lookWithinMs?: number;
}

export function createDockerFiles({
  docker,
  owner,
  log,
  lookWithinMs = LOOK_WITHIN,
}: DockerFilesOptions): DockerFiles {
  const helpers = createHelpers({ docker, owner, log });
  const places = createPlaces(docker, helpers);

  const open = ({ place, authority }: FileRequest, signal: AbortSignal): Promise<Opened> =>
    places.open({ place, authority, signal });

  return {
    async list(request, page) {
      const { path, signal } = request;
      const checked = checkedPath(path);
      await using place = await open(request, signal);
      return await listed(place, checked, { ...page, withinMs: lookWithinMs }, signal);
    },
    download(request, archive, credits) {
      const path = checkedPath(request.path);
      return download((signal) => open(request, signal), { path, archive }, credits, request.signal);
    },
    close: () => helpers.close(),
  };
}
