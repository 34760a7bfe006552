import { PublicServer, type Pace } from '../live/public-server.ts';
import { answerPreflight } from '../http/cors.ts';
import { sendText, type Exchange } from '../http/exchange.ts';
import type { Platform, Room } from '../platform.ts';
import { schema } from '../schema.ts';
import type { Services } from '../services.ts';
import { Admission } from './admission.ts';
import { Authentication } from './authentication.ts';
import { Documents } from './documents.ts';
import { createHttpHandler } from './http.ts';

/** The public API: one schema at `/graphql`, over HTTP and over WebSockets. */
export function graphqlRoom(platform: Platform, services: Services, pace: Pace = {}): Room {
  const documents = new Documents(schema);
  const admission = new Admission(documents);
  const authentication = new Authentication({ services });
  const shared = { platform, services, documents, admission, authentication };
  const handle = createHttpHandler(shared);
  const live = new PublicServer({ ...shared, ...pace });
  return {
    name: 'graphql',
    routes(router) {
      // The agent of this very machine registers by the private socket, as others do by the port.
      router.http({ path: '/graphql', methods: ['POST'], channels: ['main', 'local'], handle });
      router.http({ path: '/graphql', methods: ['OPTIONS'], handle: answerPreflight });
      // Links carry cookies: nothing is answered to them.
      router.http({ path: '/graphql', methods: ['GET', 'HEAD'], handle: refuseMethod });
      router.upgrade({
        path: '/graphql',
        handle: (request, socket, head, facts) => live.upgrade(request, socket, head, facts),
      });
    },
    prepare() {
      live.start();
      return Promise.resolve();
    },
    async drain(signal) {
      await live.drain(signal);
      await services.audit.flush();
    },
  };
}

function refuseMethod({ response }: Exchange): void {
  response.setHeader('allow', 'POST');
  sendText(response, 405, 'Send GraphQL operations with POST.');
}
