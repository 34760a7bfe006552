import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode, errorText, StartupError } from '../startup-error.ts';

export interface GivenCertificate {
  readonly chainPem: string;
  readonly keyPem: string;
  readonly leaf: X509Certificate;
}

/** SHA-256 over the DER form, lower-case hex without separators. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/**
 * The certificate that TLS_CERT and TLS_KEY name.
 * @throws StartupError when a file cannot be read, is not what it should be, or the two do not belong together
 */
export function readGivenCertificate(files: {
  readonly certFile: string;
  readonly keyFile: string;
}): GivenCertificate {
  const chainPem = read('TLS_CERT', files.certFile);
  const keyPem = read('TLS_KEY', files.keyFile);
  const leaf = parse('TLS_CERT', files.certFile, 'a PEM certificate', () => new X509Certificate(chainPem));
  const key = parse('TLS_KEY', files.keyFile, 'a PEM private key without a passphrase', () =>
    createPrivateKey(keyPem),
  );
  if (!leaf.checkPrivateKey(key)) {
    throw new StartupError(
      'TLS_CERT and TLS_KEY do not belong together: the key is not that of the certificate.',
    );
  }
  if (leaf.validToDate.getTime() < Date.now()) {
    throw new StartupError(
      `The certificate in TLS_CERT ended on ${leaf.validToDate.toISOString().slice(0, 10)}.`,
    );
  }
  return { chainPem, keyPem, leaf };
}

/** The host names in a certificate, wildcards left out. */
export function namesIn(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? '').matchAll(/DNS:([^,\s"*]+)/g)].map((match) => match[1] ?? '');
}

function read(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartupError(`${setting} ${path} cannot be read (${errorCode(error) ?? errorText(error)}).`, {
      cause: error,
    });
  }
}

function parse<Value>(setting: string, path: string, what: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    throw new StartupError(`${setting} ${path} is not ${what}.`, { cause: error });
  }
}
