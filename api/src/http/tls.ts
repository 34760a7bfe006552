import { statSync } from 'node:fs';
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Environment } from '../env.ts';
import { errorText } from '../startup-error.ts';
import { ownCertificate, type Authority } from './authority.ts';
import { readGivenCertificate } from './certificate.ts';
import { isLoopback, isWildcard, ownAddresses, ownNames } from './names.ts';

/** How often (ms) to look whether addresses or certificate files changed. */
const checkInterval = 60_000;

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** Where the port's certificate comes from, and the notice when it changes. */
export interface TlsSource {
  readonly material: TlsMaterial;
  /** Of our own certificates; undefined when the certificate was given. */
  readonly authority: Authority | undefined;
  /** Of a certificate that was given. */
  readonly leaf: X509Certificate | undefined;
  /** Calls back with new material until the signal aborts. */
  watch(signal: AbortSignal, changed: (material: TlsMaterial) => void): void;
}

type Settings = Pick<Environment, 'host' | 'publicUrl' | 'tls' | 'trustProxy'>;

/**
 * The certificate to serve with: the given one; else, when others can reach the port and no proxy does TLS for us,
 * our own; else none.
 * @throws StartupError
 */
export async function openTls(
  env: Settings,
  dataDirectory: string,
  log: Logger,
): Promise<TlsSource | undefined> {
  if (env.tls) return givenSource(env.tls, log);
  if (isLoopback(env.host) || env.trustProxy.kind !== 'none') return undefined;
  return ownSource(dataDirectory, env, log);
}

function givenSource(files: NonNullable<Environment['tls']>, log: Logger): TlsSource {
  const stamp = () => [files.certFile, files.keyFile].map((path) => statSync(path).mtimeMs).join();
  const given = readGivenCertificate(files);
  let seen = stamp();
  return {
    material: { cert: given.chainPem, key: given.keyPem },
    authority: undefined,
    leaf: given.leaf,
    watch(signal, changed) {
      every(signal, log, () => {
        const now = stamp();
        if (now === seen) return;
        const { chainPem, keyPem } = readGivenCertificate(files);
        changed({ cert: chainPem, key: keyPem });
        seen = now;
        log.info('took over the renewed TLS certificate');
      });
    },
  };
}

async function ownSource(dataDirectory: string, env: Settings, log: Logger): Promise<TlsSource> {
  const first = await ownCertificate(dataDirectory, namesFor(env));
  return {
    material: { cert: first.chainPem, key: first.keyPem },
    authority: first.authority,
    leaf: undefined,
    watch(signal, changed) {
      every(signal, log, async () => {
        const now = await ownCertificate(dataDirectory, namesFor(env));
        if (!now.issuedNow) return;
        changed({ cert: now.chainPem, key: now.keyPem });
        log.info({ names: namesFor(env) }, 'issued a new TLS certificate');
      });
    },
  };
}

/** Everything someone may type to reach this port. */
function namesFor(env: Settings): string[] {
  const specific = isWildcard(env.host) ? [] : [env.host];
  const published = env.publicUrl ? [new URL(env.publicUrl).hostname.replace(/^\[|\]$/g, '')] : [];
  const names = [
    ...published,
    ...specific,
    ...ownNames(),
    'localhost',
    ...ownAddresses(),
    '127.0.0.1',
    '::1',
  ];
  return [...new Set(names.map((name) => name.toLowerCase()))].filter(
    (name) => isIP(name) || isDnsName(name),
  );
}

/** RFC 1123; a machine's own name may be anything, a certificate's may not. */
function isDnsName(name: string): boolean {
  return (
    name.length <= 253 && name.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  );
}

function every(signal: AbortSignal, log: Logger, check: () => void | Promise<void>): void {
  const attempt = async (): Promise<void> => {
    try {
      await check();
    } catch (error) {
      log.error(
        { reason: errorText(error) },
        'the TLS certificate could not be renewed; keeping the old one',
      );
    }
  };
  const timer = setInterval(() => void attempt(), checkInterval);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
