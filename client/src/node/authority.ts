import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { ServerKitConnectionError } from '../errors.ts';
import { connectionFailed } from '../http.ts';

/** To connect and shake hands, in milliseconds. */
const patience = 15_000;

/**
 * The certificate with this fingerprint as the server presents it, for `ca`. Nothing is said on this connection and nothing
 * it says is believed: the fingerprint alone decides.
 *
 * @param url - of the control plane, `https:`
 * @param fingerprint - SHA-256, 64 hexadecimal digits with or without colons
 * @returns PEM
 * @throws ServerKitConnectionError TLS_UNTRUSTED when no certificate of the server has it
 */
export async function fetchAuthority(url: string, fingerprint: string): Promise<string> {
  const wanted = fingerprint.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(wanted))
    throw new TypeError('A fingerprint is 64 hexadecimal digits (SHA-256).');
  const target = new URL(url);
  const chain = await chainOf(target);
  const found = chain.find((one) => one.fingerprint256.replaceAll(':', '').toLowerCase() === wanted);
  if (found) return found.toString();
  throw new ServerKitConnectionError(
    'TLS_UNTRUSTED',
    `The certificate of ${target.host} does not come from the authority with this fingerprint: the address is wrong, the authority was replaced, or somebody is in between.`,
  );
}

function chainOf(url: URL): Promise<X509Certificate[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...(isIP(host) === 0 && { servername: host }),
      // The chain is looked at, never used: see above.
      rejectUnauthorized: false,
    });
    socket.setTimeout(patience, () => socket.destroy(new Error('no answer')));
    socket.once('error', (error) => reject(connectionFailed(url, error)));
    socket.once('secureConnect', () => {
      const chain = [...walk(socket.getPeerCertificate(true))];
      socket.destroy();
      resolve(chain);
    });
  });
}

function* walk(leaf: DetailedPeerCertificate): Generator<X509Certificate> {
  const seen = new Set<string>();
  // A root names itself as its issuer.
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw && !seen.has(at.fingerprint256);) {
    seen.add(at.fingerprint256);
    yield new X509Certificate(at.raw);
    at = at.issuerCertificate;
  }
}
