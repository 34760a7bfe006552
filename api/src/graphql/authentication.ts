import type { Audit } from '../audit/service.ts';
import type { PersonPrincipal } from '../context.ts';
import { rateLimited, ServerKitError, type ErrorCode } from '../errors.ts';
import { addressKey } from '../http/address-key.ts';
import { Throttle, type Identity } from '../identity/service.ts';
import type { RefusedToken, Tokens } from '../tokens/service.ts';

/** What a client shows for itself, by whatever way it came; anything may be absent. */
export interface Claim {
  /** The first half of a browser session. */
  readonly cookie: string | undefined;
  /** The second. */
  readonly proof: string | undefined;
  /** An API token. */
  readonly token: string | undefined;
  readonly address: string;
}

interface Needs {
  readonly services: { readonly identity: Identity; readonly tokens: Tokens; readonly audit: Audit };
}

/** Finds out who is there, alike on both transports. */
export class Authentication {
  readonly #needs: Needs;
  /** Wrong tokens from one place. Right ones always get through: whoever shares the place did nothing. */
  readonly #wrong = new Throttle({ free: 20, firstWaitMs: 1_000, longestWaitMs: 60_000, maxKeys: 20_000 });

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Who shows a session or a token. Undefined for whoever shows no token and not both halves of an open session.
   * @throws ServerKitError UNAUTHENTICATED for a token that does not work, or one beside a session; RATE_LIMITED for many
   *   wrong ones
   */
  async principalOf({ cookie, proof, token, address }: Claim): Promise<PersonPrincipal | undefined> {
    const { identity, tokens } = this.#needs.services;
    if (token === undefined) return identity.authenticate({ cookie, proof });
    if (cookie !== undefined || proof !== undefined) {
      throw new ServerKitError(
        'UNAUTHENTICATED',
        'Both an API token and a session were sent, and which of them counts is not guessed. Send one of them.',
      );
    }
    const principal = await tokens.authenticate(token, address);
    if (principal.kind === 'token') return principal;
    throw this.#refusal(principal, address);
  }

  #refusal({ target }: RefusedToken, address: string): ServerKitError {
    const { audit } = this.#needs.services;
    const refused = (code: ErrorCode) =>
      audit.refused({
        actor: { kind: 'anonymous', address },
        action: 'token.use',
        code,
        ...(target && { target }),
      });
    try {
      this.#wrong.attempt(addressKey(address));
    } catch (error) {
      refused('RATE_LIMITED');
      return error instanceof ServerKitError ? error : rateLimited(1);
    }
    refused('UNAUTHENTICATED');
    return new ServerKitError(
      'UNAUTHENTICATED',
      'This API token does not work: it is wrong, was revoked, has expired, or is not for use from your address.',
    );
  }
}

/** The token in an `Authorization` header (RFC 6750 §2.1); undefined for another scheme, which is a proxy's affair. */
export function bearerIn(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

/** The token in connectionParams: `token`, or `authorization` as over HTTP. */
export function tokenIn(params: Readonly<Record<string, unknown>>): string | undefined {
  const { token } = params;
  if (typeof token === 'string') return bearerIn(token) ?? token;
  const header = params['authorization'] ?? params['Authorization'];
  return typeof header === 'string' ? (bearerIn(header) ?? header) : undefined;
}
