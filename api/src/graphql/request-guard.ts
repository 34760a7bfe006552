import type { IncomingMessage } from 'node:http';
import { ServerKitError } from '../errors.ts';
import type { RequestFacts } from '../http/exchange.ts';

/**
 * Turns away what another page had a browser send: a foreign `Origin`, or a fetch that browsers themselves call
 * cross-site or same-site (Fetch Metadata; another port of this host counts as same-site, and runs other people's
 * software). Programs send neither header, and without a page's secret half their cookies are worth nothing.
 * @throws ServerKitError ORIGIN_REFUSED
 */
export function refuseForeignPages({ headers }: IncomingMessage, { originVerdict }: RequestFacts): void {
  const site = headers['sec-fetch-site'];
  const ours = originVerdict === 'absent' || originVerdict === 'same';
  if (ours && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new ServerKitError(
    'ORIGIN_REFUSED',
    'This page is not part of this ServerKit. If it is, set PUBLIC_URL to the address it is opened at.',
  );
}

/** Only JSON: a form of another page can send the other types without asking first (CORS preflight). */
export function isJson(contentType: string | undefined): boolean {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' || type === 'application/graphql-response+json';
}
