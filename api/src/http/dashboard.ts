import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendText, type Exchange } from './exchange.ts';
import type { Router } from './router.ts';

/** Where `npm run build` puts the dashboard. */
export const dashboardDirectory = fileURLToPath(new URL('../../../web/build/', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Compressed siblings that the build may leave beside a file, best first. */
const encodings = [
  { suffix: '.br', name: 'br' },
  { suffix: '.gz', name: 'gzip' },
] as const;

interface Asset {
  readonly file: string;
  readonly type: string;
  readonly cache: string;
  readonly encoded: readonly { readonly suffix: string; readonly name: string }[];
}

/**
 * Serves the built dashboard. Only files found at start are served, so no path can lead elsewhere; a path that is no
 * file is a page of the single-page application.
 */
export function addDashboard(router: Router, directory = dashboardDirectory): void {
  const assets = findAssets(directory);
  const shell = assets.get('/200.html') ?? assets.get('/index.html');
  const policy = shell && contentPolicy(readFileSync(shell.file, 'utf8'));
  const contents = new Map<string, Promise<{ body: Buffer; etag: string }>>();
  const load = (file: string) => {
    let content = contents.get(file);
    if (!content) {
      content = readFile(file).then((body) => ({ body, etag: `"${digest(body).slice(0, 22)}"` }));
      contents.set(file, content);
      content.catch(() => contents.delete(file));
    }
    return content;
  };
  router.http({
    path: '/*',
    methods: ['GET', 'HEAD'],
    async handle(exchange) {
      const { response } = exchange;
      const asset = assets.get(exchange.path) ?? (isPage(exchange) ? shell : undefined);
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
      await sendAsset(exchange, asset, load);
    },
  });
}

function findAssets(directory: string): Map<string, Asset> {
  if (!existsSync(directory)) return new Map();
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const present = new Set(files);
  return new Map(
    files
      .filter((file) => !encodings.some(({ suffix }) => file.endsWith(suffix)))
      .map((file) => {
        const path = `/${relative(directory, file).split(sep).join('/')}`;
        return [
          path,
          {
            file,
            type: types[extname(file)] ?? 'application/octet-stream',
            cache: path.startsWith('/_app/immutable/') ? 'public, max-age=31536000, immutable' : 'no-cache',
            encoded: encodings.filter(({ suffix }) => present.has(file + suffix)),
          },
        ];
      }),
  );
}

/** A path of the application rather than a file that is missing. */
function isPage({ path, request }: Exchange): boolean {
  if (path.startsWith('/_app/')) return false;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.includes('.') || (request.headers.accept ?? '').includes('text/html');
}

async function sendAsset(
  { request, response }: Exchange,
  asset: Asset,
  load: (file: string) => Promise<{ body: Buffer; etag: string }>,
): Promise<void> {
  const accepted = acceptedEncodings(request.headers['accept-encoding']);
  const encoding = asset.encoded.find(({ name }) => accepted.has(name));
  const { body, etag } = await load(asset.file + (encoding?.suffix ?? ''));
  response.setHeader('cache-control', asset.cache);
  response.setHeader('etag', etag);
  if (asset.encoded.length > 0) response.setHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match']?.includes(etag)) {
    response.writeHead(304).end();
    return;
  }
  if (encoding) response.setHeader('content-encoding', encoding.name);
  response.writeHead(200, { 'content-type': asset.type, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** RFC 9110 §12.5.3; a quality of zero means refused. */
function acceptedEncodings(header: string | string[] | undefined): ReadonlySet<string> {
  const items = String(header ?? '')
    .toLowerCase()
    .split(',')
    .map((item) => item.trim().split(';'));
  return new Set(
    items
      .filter(([, quality]) => !/^\s*q=0(\.0*)?\s*$/.test(quality ?? ''))
      .map(([name = '']) => name.trim()),
  );
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

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}
