import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sendText, type Exchange } from './exchange.ts';
import type { Router } from './router.ts';
import { StaticFiles } from './static-files.ts';

/** Where `npm run build` puts the dashboard. */
export const dashboardDirectory = fileURLToPath(new URL('../../../web/build/', import.meta.url));

/** Serves the built dashboard. A path that is no file is a page of the single-page application. */
export function addDashboard(router: Router, directory = dashboardDirectory): void {
  const files = new StaticFiles(directory, '/_app/immutable/');
  const shell = files.find('/200.html') ?? files.find('/index.html');
  const policy = shell && contentPolicy(files.read(shell));
  router.http({
    path: '/*',
    methods: ['GET', 'HEAD'],
    async handle(exchange) {
      const { response } = exchange;
      const asset = files.find(exchange.path) ?? (isPage(exchange) ? shell : undefined);
      if (!asset) {
        return shell || !isPage(exchange)
          ? sendText(response, 404, 'There is nothing here.')
          : sendText(
              response,
              503,
              'The dashboard is not built; run "npm run build" and start ServerKit again.',
            );
      }
      if (asset === shell && policy) response.setHeader('content-security-policy', policy);
      await files.send(exchange, asset);
    },
  });
}

/** A path of the application rather than a file that is missing. */
function isPage({ path, request }: Exchange): boolean {
  if (path.startsWith('/_app/')) return false;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.includes('.') || (request.headers.accept ?? '').includes('text/html');
}

/**
 * What the dashboard may load: itself and nothing else. The framework starts the page with one inline script, which
 * is allowed by its hash, so an injected one is not. Style attributes are allowed: templates carry them.
 */
function contentPolicy(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}(?![^>]*\\bsrc=)[^>]*>([\\s\\S]*?)</${tag}>`, 'gi'))].map(
      (match) =>
        ` 'sha256-${createHash('sha256')
          .update(match[1] ?? '')
          .digest('base64')}'`,
    );
  return [
    `default-src 'none'`,
    `script-src 'self'${hashes('script').join('')}`,
    `style-src 'self'${hashes('style').join('')}`,
    `style-src-attr 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `manifest-src 'self'`,
    `worker-src 'self'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}
