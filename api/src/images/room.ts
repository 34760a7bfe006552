import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { credentialOf, holderOf } from '../context.ts';
import { permissionDenied, unauthenticated } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import { createUploadHandler, type UploadKind } from '../http/upload.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';
import type { ArchiveBuild } from './builds.ts';

/** Before the secret of a ticket. */
export const buildPath = '/files/build/';

const scope = 'docker:images:write' satisfies AgentScope;

/** What goes beside GraphQL: the archives that images are built from. */
export function imagesRoom({ log }: Pick<Platform, 'log'>, services: Services): Room {
  return {
    name: 'images',
    routes(router) {
      router.http({
        path: `${buildPath}*`,
        methods: ['PUT'],
        handle: createUploadHandler(log, archives(services)),
      });
    },
  };
}

/** An archive to build from, by `PUT /files/build/<ticket>`. */
function archives(services: Services): UploadKind<ArchiveBuild, AbortSignal> {
  const { imageBuilds } = services;
  return {
    path: buildPath,
    take: (secret) => imageBuilds.take(secret),
    sizeOf: ({ request }) => request.sizeBytes,
    holder: ({ principal }) => holderOf(principal),
    async allow({ principal, request }, signal) {
      const id = credentialOf(principal);
      const now = (await renew(services, [id])).get(id);
      if (!now) throw unauthenticated();
      if (!now.rights.on(request.serverId).has(scope)) throw permissionDenied(scope);
      return signal;
    },
    send: (build, pieces, signal) => imageBuilds.send(build, pieces, signal),
    // It goes on when whoever sent it has left.
    finish: async (build, sha256) => ({ jobId: (await imageBuilds.begin(build, sha256)).id }),
    dropped: (build, end) => imageBuilds.dropped(build, end),
  };
}
