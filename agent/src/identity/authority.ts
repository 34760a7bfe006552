import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';

/** To connect and shake hands. Ms. */
const PATIENCE = 15_000;

/**
 * The certificate with this fingerprint, as the control plane presents it: for a command that names the fingerprint of a
 * private authority and nothing more. Nothing is said on this connection and nothing it says is believed; the fingerprint
 * alone decides, and everything after it is verified against the certificate found here.
 *
 * @param url of the control plane, `https:` or `wss:`
 * @param sha256 64 hex digits
 * @returns the certificate as PEM
 * @throws Error with a sentence
 */
export function fetchAuthority(url: URL, sha256: string): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      minVersion: 'TLSv1.2',
      // The chain is looked at, never used: see above.
      rejectUnauthorized: false,
    });
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no answer')));
    socket.once('error', (error: Error) => reject(new Error(`Cannot reach ${url.host}: ${error.message}.`)));
    socket.once('secureConnect', () => {
      const found = chainOf(socket.getPeerCertificate(true)).find(
        (certificate) => fingerprint(certificate) === sha256,
      );
      socket.destroy();
      if (found) resolve(found.toString());
      else {
        reject(
          new Error(
            `The certificate of ${url.host} does not come from the authority that was named. Either the address is wrong, the authority was replaced, or somebody is in between.`,
          ),
        );
      }
    });
  });
}

function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  // A root names itself as its issuer.
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw && !seen.has(at.fingerprint256);) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
    at = at.issuerCertificate;
  }
  return chain;
}

function fingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}
