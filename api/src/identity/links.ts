import { randomBytes } from 'node:crypto';
import { ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import { digest, looksLikeSecret, sameDigest } from './session-secrets.ts';

/** What a one-time link is for: becoming a user, or choosing a new password. */
export type LinkKind = 'invitation' | 'reset';

/** A secret that is passed on by hand, once. */
export interface NewLink {
  /** Of the row that keeps the hash; also inside the token, so that it is found without searching. */
  readonly id: string;
  /** `sk_inv_…_…` or `sk_rst_…_…` */
  readonly token: string;
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly expiresAt: Date;
}

const hour = 60 * 60_000;

/** For how long a link is good, in milliseconds: a weekend for the one, a day for the other. */
export const linkLifetimeMs: Readonly<Record<LinkKind, number>> = { invitation: 72 * hour, reset: 24 * hour };

/** @param id - of the row when its link is replaced. @default a new one */
export function newLink(kind: LinkKind, id: string = newId(kind)): NewLink {
  const secret = randomBytes(32).toString('base64url');
  return {
    id,
    token: `sk_${id}_${secret}`,
    hash: digest(secret),
    expiresAt: new Date(Date.now() + linkLifetimeMs[kind]),
  };
}

/**
 * The page of the dashboard for a link. The token stands after `#`, which browsers keep to themselves: it reaches neither
 * logs nor the page before.
 */
export function linkUrl(publicUrl: string, { id, token }: NewLink): string {
  return new URL(`/${id.startsWith('inv_') ? 'invitation' : 'reset'}#${token}`, publicUrl).href;
}

/** A link that works, as its holder may know it. */
export interface OpenLink {
  readonly kind: LinkKind;
  readonly email: string;
  readonly name: string;
  readonly expiresAt: Date;
}

interface LinkClaim {
  readonly kind: LinkKind;
  readonly id: string;
  readonly secret: string;
}

/** The parts of what was pasted; undefined for anything else. Says nothing about whether it is good. */
export function parseLink(token: string): LinkClaim | undefined {
  const [, id, prefix, secret] = /^sk_((inv|rst)_[0-9a-z]{24})_(.*)$/s.exec(token.trim()) ?? [];
  if (id === undefined || !looksLikeSecret(secret)) return undefined;
  return { kind: prefix === 'inv' ? 'invitation' : 'reset', id, secret };
}

export function opens(link: { readonly linkHash: Uint8Array }, secret: string): boolean {
  return sameDigest(link.linkHash, digest(secret));
}

/** One answer for every link that is not good, so that nobody learns which exist or once did. */
export function linkInvalid(): ServerKitError {
  return new ServerKitError(
    'LINK_INVALID',
    'This link does not work: it is incomplete, was used already, or is too old. Ask for a new one.',
  );
}
