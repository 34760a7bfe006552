import { fileURLToPath } from 'node:url';
import { sendText, type Exchange } from '../http/exchange.ts';
import { StaticFiles } from '../http/static-files.ts';
import { readSessionCookie } from '../identity/service.ts';
import type { Platform, Room } from '../platform.ts';
import type { Services } from '../services.ts';

/** Where graphiql/build.ts puts the page. */
const built = fileURLToPath(new URL('../../../graphiql/dist/', import.meta.url));

/**
 * What GraphiQL may load: itself and nothing else. Its editor writes style sheets while it runs, for which there are no
 * hashes, and brings its icons as data.
 */
const policy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `worker-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `font-src 'self' data:`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/** A page to explore the API with, for who is signed in, unless SERVERKIT_GRAPHIQL=off. */
export function graphiqlRoom(
  { env }: Pick<Platform, 'env'>,
  { identity }: Pick<Services, 'identity'>,
  directory = built,
): Room {
  const files = env.graphiql ? new StaticFiles(directory, '/assets/') : undefined;
  const page = files?.find('/index.html');

  async function sendPage(exchange: Exchange): Promise<void> {
    const { request, response, facts } = exchange;
    if (!files) return sendText(response, 404, 'GraphiQL is turned off here (SERVERKIT_GRAPHIQL).');
    if (!page)
      return sendText(response, 503, 'GraphiQL is not built; run "npm run setup" and start ServerKit again.');
    // All that a link brings along is the cookie. It is no session by itself, and enough to tell who has to sign in.
    if (!(await identity.sessions.isOpen(readSessionCookie(request.headers.cookie, facts)))) {
      response.setHeader('location', '/sign-in?next=/graphiql');
      return sendText(response, 303, 'Sign in first.');
    }
    response.setHeader('content-security-policy', policy);
    return files.send(exchange, page);
  }

  async function sendAsset(exchange: Exchange): Promise<void> {
    const asset = files?.find(exchange.path.slice('/graphiql'.length));
    if (!files || !asset || asset === page) return sendText(exchange.response, 404, 'There is nothing here.');
    return files.send(exchange, asset);
  }

  return {
    name: 'graphiql',
    routes(router) {
      router.http({ path: '/graphiql', methods: ['GET', 'HEAD'], handle: sendPage });
      router.http({ path: '/graphiql/*', methods: ['GET', 'HEAD'], handle: sendAsset });
    },
  };
}
