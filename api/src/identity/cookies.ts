/** How the browser reached us: decides the cookie's name and flags. */
export interface BrowserOrigin {
  readonly secure: boolean;
  /** The `Host` header, port included. */
  readonly host: string;
}

/**
 * `serverkit`, with the port when there is one, as two installations on one host share a cookie jar; under TLS with
 * the prefix that makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2).
 */
export function cookieName({ secure, host }: BrowserOrigin): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return `${secure ? '__Host-' : ''}serverkit${port ? `-${port}` : ''}`;
}

/** @param maxAgeSeconds - 0 takes the cookie away */
export function sessionCookie(origin: BrowserOrigin, value: string, maxAgeSeconds: number): string {
  return [
    `${cookieName(origin)}=${value}`,
    'Path=/',
    `Max-Age=${Math.floor(maxAgeSeconds)}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(origin.secure ? ['Secure'] : []),
  ].join('; ');
}

/** The session half in a `Cookie` header. Of two with the same name the first is taken, as browsers put it first. */
export function readSessionCookie(header: string | undefined, origin: BrowserOrigin): string | undefined {
  const wanted = `${cookieName(origin)}=`;
  return header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(wanted))
    ?.slice(wanted.length);
}
