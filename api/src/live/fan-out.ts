import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.ts';
import { holds } from '../graphql/access.ts';
import type { Prepared } from '../graphql/documents.ts';
import { Group } from './group.ts';
import type { Member, Reader } from './member.ts';
import type { SubscriptionRequest } from './subscription.ts';

interface FanOutNeeds {
  /** A context without a user. */
  readonly audienceContext: (principal: RequestContext['principal'], signal: AbortSignal) => RequestContext;
  readonly toBody: (result: ExecutionResult) => string;
}

/**
 * Puts those who ask for the same into one group: the same document and variables, and the same of the rights that the
 * document asks for. Nothing else of a person may reach what is shared, so nobody sees what is meant for another.
 */
export class FanOut {
  readonly #needs: FanOutNeeds;
  readonly #groups = new Map<string, Group>();
  readonly #serials = new WeakMap<Prepared, number>();
  #serial = 0;

  constructor(needs: FanOutNeeds) {
    this.#needs = needs;
  }

  /** Subscriptions that are executed now. */
  get size(): number {
    return this.#groups.size;
  }

  get members(): number {
    let count = 0;
    for (const group of this.#groups.values()) count += group.size;
    return count;
  }

  /** Whether what a viewer asks for may be shared, and the viewer may have it. The rest is executed for each. */
  static shareable({ analysis }: SubscriptionRequest, { principal }: RequestContext): boolean {
    if (principal.kind !== 'user' || analysis.perViewer) return false;
    return [...analysis.roots.values()].every(
      ({ access, delivery }) =>
        delivery !== 'private' &&
        // What needs a session is personal.
        access !== undefined &&
        access !== 'session' &&
        holds(principal, access),
    );
  }

  join(request: SubscriptionRequest, reader: Reader): Promise<Member | ExecutionResult> {
    const rights = reader.connection.principal.rights.only(request.analysis.scopes);
    const key = JSON.stringify([
      this.#serialOf(request.prepared),
      request.operationName ?? null,
      canonical(request.variables),
      rights.key,
    ]);
    let group = this.#groups.get(key);
    if (!group) {
      const principal: RequestContext['principal'] = { kind: 'class', rights };
      group = new Group({
        request,
        newContext: (signal) => this.#needs.audienceContext(principal, signal),
        toBody: this.#needs.toBody,
        onEnd: (ended) => {
          if (this.#groups.get(key) === ended) this.#groups.delete(key);
        },
      });
      this.#groups.set(key, group);
    }
    return group.join(reader);
  }

  #serialOf(prepared: Prepared): number {
    const known = this.#serials.get(prepared);
    if (known !== undefined) return known;
    this.#serial += 1;
    this.#serials.set(prepared, this.#serial);
    return this.#serial;
  }
}

/** The same value for objects that differ only in the order of their members, and never for a list and an object. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { members: members.map(([name, item]) => [name, canonical(item)]) };
}
