import type { ServerResponse } from 'node:http';
import type { RequestFacts } from './exchange.ts';

/** For answers that are no page of ours: nothing may load, nobody may frame. */
const closedPolicy = `default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/**
 * Sets what every answer carries. A route may replace the content security policy for its own page.
 *
 * `Strict-Transport-Security` names this host only: its neighbours may well speak plain HTTP.
 */
export function setSecurityHeaders(response: ServerResponse, facts: RequestFacts): void {
  response.setHeader('content-security-policy', closedPolicy);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  if (facts.secure) response.setHeader('strict-transport-security', 'max-age=31536000');
}
