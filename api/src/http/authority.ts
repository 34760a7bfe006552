import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isIP } from 'node:net';
import { keysDirectory, readOrCreate } from '../secrets/key-files.ts';
import { certificateFingerprint } from './certificate.ts';
import type { Issued } from './issue-certificate.ts';

/** A leaf is renewed when it has less than this left (ms). */
const renewBefore = 30 * 24 * 60 * 60 * 1000;

export interface Authority {
  readonly certificatePem: string;
  /** SHA-256 over the DER form, lower-case hex without separators. */
  readonly fingerprint: string;
}

export interface OwnCertificate {
  readonly authority: Authority;
  /** Leaf and authority, for TLS. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly issuedNow: boolean;
}

/**
 * A certificate for these names from the installation's own authority; both are made when missing, the leaf again
 * whenever it does not cover a name or nears its end. The authority is never replaced: agents pin it.
 * @param names - host names and addresses
 * @throws StartupError when key files cannot be read or written
 */
export async function ownCertificate(
  dataDirectory: string,
  names: readonly string[],
): Promise<OwnCertificate> {
  const directory = keysDirectory(dataDirectory);
  const authorityPem = await authorityFile(join(directory, 'authority.pem'));
  const certificate = new X509Certificate(authorityPem);
  const authority = {
    certificatePem: certificate.toString(),
    fingerprint: certificateFingerprint(certificate),
  };
  const leafPath = join(directory, 'server.pem');
  const present = existsSync(leafPath) ? parsePair(readFileSync(leafPath, 'utf8')) : undefined;
  const serves = present && isGood(present.certificatePem, certificate, names);
  const leaf = serves ? present : await issueLeaf(leafPath, authorityPem, names);
  return {
    authority,
    chainPem: `${leaf.certificatePem}\n${authority.certificatePem}`,
    keyPem: leaf.keyPem,
    issuedNow: !serves,
  };
}

/** The authority's certificate and key in one file, so that neither is ever found without the other. */
async function authorityFile(path: string): Promise<string> {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const { issueAuthority } = await import('./issue-certificate.ts');
  const made = joinPair(await issueAuthority());
  return readOrCreate(path, () => Buffer.from(made)).toString();
}

async function issueLeaf(path: string, authorityPem: string, names: readonly string[]): Promise<Issued> {
  const { issueServer } = await import('./issue-certificate.ts');
  const leaf = await issueServer(parsePair(authorityPem), names);
  writeFileSync(path, joinPair(leaf), { mode: 0o600 });
  return leaf;
}

function isGood(pem: string, authority: X509Certificate, names: readonly string[]): boolean {
  try {
    const leaf = new X509Certificate(pem);
    return (
      leaf.validToDate.getTime() - Date.now() > renewBefore &&
      leaf.verify(authority.publicKey) &&
      names.every((name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined)
    );
  } catch {
    return false;
  }
}

function joinPair({ certificatePem, keyPem }: Issued): string {
  return `${certificatePem.trim()}\n${keyPem.trim()}\n`;
}

function parsePair(pem: string): Issued {
  const block = (label: string) =>
    new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----`).exec(pem)?.[0] ?? '';
  return { certificatePem: block('CERTIFICATE'), keyPem: block('PRIVATE KEY') };
}
