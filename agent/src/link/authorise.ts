import type { GraphQLSchema } from 'graphql';
import type { Envelope } from '@serverkit/wire/envelope.ts';
import { grants, intersect, isScope, type Scope } from '@serverkit/wire/scopes.ts';
import type { Policy } from '../policy.ts';
import { AgentError } from '../errors.ts';
import type { Prepared } from './documents.ts';

export interface Ceilings {
  /** Scope patterns the control plane allows on this server, signed into the handshake. */
  readonly serverScopes: readonly string[];
  /** This host's own word. */
  readonly policy: Policy;
}

/** A root field that may not run. */
export class Denied extends AgentError {
  readonly field: string;

  constructor(code: 'SCOPE_DENIED' | 'POLICY_DENIED', field: string, why: string) {
    super(code, `Refused: ${field} ${why}.`);
    this.field = field;
  }
}

/**
 * A field runs when its scope is in the operation, in what the server's settings allow and in this host's own
 * configuration, all three.
 *
 * @returns the scopes that all three grant
 * @throws Denied for the first field that may not run
 */
export function authorise(
  schema: GraphQLSchema,
  { operation, rootFields }: Prepared,
  { scopes }: Pick<Envelope, 'scopes'>,
  { serverScopes, policy }: Ceilings,
): Set<Scope> {
  const local = policy.scopes();
  const fields = schema.getRootType(operation.operation)?.getFields();
  for (const name of rootFields) {
    const scope = fields?.[name]?.extensions['scope'];
    if (scope === 'link' || name === '__typename') continue;
    // A field that names no scope can be run by nobody.
    if (typeof scope !== 'string' || !isScope(scope)) {
      throw new Denied('SCOPE_DENIED', name, 'is not open to anyone');
    }
    if (!grants(scopes, scope)) throw new Denied('SCOPE_DENIED', name, `was not authorised with ${scope}`);
    if (!grants(serverScopes, scope)) {
      throw new Denied('SCOPE_DENIED', name, `needs ${scope}, which this server's permissions leave out`);
    }
    if (!grants(local, scope)) {
      throw new Denied(
        'POLICY_DENIED',
        name,
        `needs ${scope}, which the agent's own configuration forbids; on the host run: serverkit-agent config allow ${scope}`,
      );
    }
  }
  return new Set(intersect(scopes, serverScopes, local));
}
