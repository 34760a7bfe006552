import { Secret, TOTP } from 'otpauth';

/** One code each 30 seconds, six digits, HMAC-SHA-1: what every authenticator app understands (RFC 6238 §5.2). */
const shape = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** RFC 4226 §4 R6 recommends 160 bits. */
const secretBytes = 20;

/** Codes of the step before and after count too, as clocks differ and people type slowly (RFC 6238 §5.2). */
const window = 1;

export function newTotpSecret(): Uint8Array {
  return new Secret({ size: secretBytes }).bytes;
}

export interface TotpAccount {
  readonly secret: Uint8Array;
  /** What the app shows: the installation … */
  readonly issuer: string;
  /** … and the account. */
  readonly label: string;
}

/** What is typed or scanned into an authenticator app. */
export interface TotpEnrolment {
  /** Base 32, without padding. */
  readonly secret: string;
  /** `otpauth://totp/…`, to be drawn as a QR code. */
  readonly uri: string;
}

export function enrolment({ secret, issuer, label }: TotpAccount): TotpEnrolment {
  const totp = new TOTP({ ...shape, issuer, label, secret: secretOf(secret) });
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * The 30 s step a code belongs to; undefined when it is of none near the time given.
 * @param now - milliseconds since the epoch
 */
export function stepOf(code: string, secret: Uint8Array, now: number): number | undefined {
  const delta = TOTP.validate({ ...shape, token: code, secret: secretOf(secret), timestamp: now, window });
  return delta === null ? undefined : TOTP.counter({ period: shape.period, timestamp: now }) + delta;
}

function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}
