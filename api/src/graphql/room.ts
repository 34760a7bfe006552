import type { Platform, Room } from '../platform.ts';
import { schema } from '../schema.ts';
import type { Services } from '../services.ts';
import { Admission } from './admission.ts';
import { Documents } from './documents.ts';
import { createHttpHandler } from './http.ts';

/** The public API: one schema at `/graphql`, over HTTP and over WebSockets. */
export function graphqlRoom(platform: Platform, services: Services): Room {
  const documents = new Documents(schema);
  const admission = new Admission(documents);
  const handle = createHttpHandler({ platform, services, documents, admission });
  return {
    name: 'graphql',
    routes(router) {
      router.http({ path: '/graphql', methods: ['POST'], handle });
    },
    async drain() {
      await services.audit.flush();
    },
  };
}
