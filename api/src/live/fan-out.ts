import type { ExecutionResult } from 'graphql';
import type { Rights } from '../access/rights.ts';
import { isPerson, type Principal, type RequestContext } from '../context.ts';
import { permissionDenied } from '../errors.ts';
import { holds, type RightsChange } from '../graphql/access.ts';
import type { Prepared } from '../graphql/documents.ts';
import { Group } from './group.ts';
import { Member, type Reader } from './member.ts';
import type { SubscriptionRequest } from './subscription.ts';

interface FanOutNeeds {
  /** A context without a user. */
  readonly audienceContext: (principal: Principal, signal: AbortSignal) => RequestContext;
  readonly toBody: (result: ExecutionResult) => string;
}

interface Joined {
  readonly member: Member;
  /** The errors with which the source refused to open. */
  readonly opened: Promise<ExecutionResult | undefined>;
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
  static shareable({ analysis, needs }: SubscriptionRequest, principal: Principal): boolean {
    if (!isPerson(principal) || analysis.perViewer) return false;
    const [root] = needs;
    // What needs a session is personal.
    if (!root || root.access === 'session' || !holds(principal, root)) return false;
    return analysis.roots.every(({ marks }) => marks.delivery !== 'private');
  }

  /** A reader joins those who ask for the same with the rights it holds now. */
  join(request: SubscriptionRequest, reader: Reader): Joined {
    const member = new Member(reader);
    const group = this.#groupFor(request, reader.connection.principal.rights);
    return { member, opened: group.admit(member) };
  }

  /** A member goes on with other rights: where they are, after it was told what that means. */
  async move(member: Member, request: SubscriptionRequest, change: RightsChange): Promise<void> {
    const group = this.#groupFor(request, change.now);
    if (group.has(member)) return member.resume();
    const refused = await group.admit(member, change);
    if (refused) member.stream.fail(refused.errors?.[0] ?? permissionDenied());
  }

  #groupFor(request: SubscriptionRequest, held: Rights): Group {
    const rights = held.only(request.analysis.scopes);
    const key = JSON.stringify([
      this.#serialOf(request.prepared),
      request.operationName ?? null,
      canonical(request.variables),
      rights.key,
    ]);
    let group = this.#groups.get(key);
    if (!group) {
      const principal: Principal = { kind: 'class', rights };
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
    return group;
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
