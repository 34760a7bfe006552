import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Exchange } from './exchange.ts';

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

/** A file that may be sent. */
export interface Asset {
  readonly file: string;
  readonly type: string;
  readonly cache: string;
  readonly encoded: readonly { readonly suffix: string; readonly name: string }[];
}

/** Files of a build. Only those found at start are served, so no path can lead elsewhere. */
export class StaticFiles {
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #contents = new Map<string, Promise<{ body: Buffer; etag: string }>>();

  /** @param immutable - begin of the paths whose names change with their content */
  constructor(directory: string, immutable: string) {
    this.#assets = findAssets(directory, immutable);
  }

  /** @param path - below the directory, beginning with a slash */
  find(path: string): Asset | undefined {
    return this.#assets.get(path);
  }

  read(asset: Asset): string {
    return readFileSync(asset.file, 'utf8');
  }

  #load(file: string) {
    let content = this.#contents.get(file);
    if (!content) {
      content = readFile(file).then((body) => ({ body, etag: `"${digest(body).slice(0, 22)}"` }));
      this.#contents.set(file, content);
      content.catch(() => this.#contents.delete(file));
    }
    return content;
  }

  async send({ request, response }: Exchange, asset: Asset): Promise<void> {
    const accepted = acceptedEncodings(request.headers['accept-encoding']);
    const encoding = asset.encoded.find(({ name }) => accepted.has(name));
    const { body, etag } = await this.#load(asset.file + (encoding?.suffix ?? ''));
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
}

function findAssets(directory: string, immutable: string): Map<string, Asset> {
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
            cache: path.startsWith(immutable) ? 'public, max-age=31536000, immutable' : 'no-cache',
            encoded: encodings.filter(({ suffix }) => present.has(file + suffix)),
          },
        ];
      }),
  );
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

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}
