import { createHash, X509Certificate } from 'node:crypto';
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from 'node:tls';

/** Where the control plane is and how its certificate is judged. */
export interface Endpoint {
  /** `wss://…/agent/ws`, `ws://…` on loopback, or `ws+unix:///path:/agent/ws`. */
  readonly url: string;
  readonly tls: ConnectionOptions;
  /** A sentence for a connection that could not be made. */
  explain(error: Error): string;
}

export interface EndpointSettings {
  /** `https://host[:port]`, `http://…`, or `unix:/path/to/socket`. */
  readonly server: string;
  /** Plain text to a host that is not loopback, allowed by the owner of this host. */
  readonly insecure: boolean;
  /** PEM text of further authorities to trust. */
  readonly ca?: string;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/**
 * @throws Error with a sentence when the address is not usable: certificate checks are never off, and plain
 *   text leaves the machine only when the owner said so
 */
export function endpointOf(settings: EndpointSettings): Endpoint {
  const unix = /^unix:(\/.+)$/.exec(settings.server)?.[1];
  if (unix) return { url: `ws+unix:${unix}:/agent/ws`, tls: {}, explain: (error) => explain(error, unix) };
  const url = new URL(settings.server);
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  if (!secure && url.protocol !== 'http:' && url.protocol !== 'ws:') {
    throw new Error(
      `The server address must begin with https:// (or http:// on this machine), not ${url.protocol}//`,
    );
  }
  if (!secure && !loopback.has(url.hostname) && !settings.insecure) {
    throw new Error(
      `Refusing to talk to ${url.host} without encryption. Use https://, or set server.insecure: true if the network in between is trusted.`,
    );
  }
  const base = url.pathname.replace(/\/(agent\/ws)?$/, '');
  return {
    url: `${secure ? 'wss' : 'ws'}://${url.host}${base}/agent/ws`,
    tls: secure ? tlsOptions(settings) : {},
    explain: (error) => explain(error, url.host),
  };
}

function tlsOptions({ ca }: EndpointSettings): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      checkServerIdentity(host, certificate),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** The SHA-256 fingerprint of a PEM certificate: 64 hex digits, as the install command pins it. */
export function fingerprintOf(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the control plane running?',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved right now',
  ETIMEDOUT: 'no answer; is a firewall in between?',
  ABORT_ERR: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection was cut',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; give its authority as server.ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate authority is not trusted; give it as server.ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; give its authority as server.ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate authority is not trusted; give it as server.ca_file',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this host is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: the clock of this host is behind',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is made out to another name',
};

function explain(error: Error, host: string): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return `cannot reach ${host}: ${sentences[code] ?? error.message}`;
}
