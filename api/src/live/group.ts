import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.ts';
import type { Events, RightsChange } from '../graphql/access.ts';
import type { Member } from './member.ts';
import {
  closeSource,
  executeEvent,
  openSource,
  type OpenSource,
  type SubscriptionRequest,
} from './subscription.ts';

interface GroupNeeds {
  readonly request: SubscriptionRequest;
  /** A new context of the audience: its rights, and nobody's name. */
  readonly newContext: (signal: AbortSignal) => RequestContext;
  /** What clients are sent, with errors masked. */
  readonly toBody: (result: ExecutionResult) => string;
  /** Nobody is left, or the source ended: it can be forgotten. */
  readonly onEnd: (group: Group) => void;
}

/** A subscription executed once for everyone who asks the same with the same rights. */
export class Group {
  readonly #needs: GroupNeeds;
  readonly #controller = new AbortController();
  readonly #members = new Set<Member>();
  readonly #opening: Promise<OpenSource | ExecutionResult>;
  #source: OpenSource | undefined;
  /** With the number each asked with. */
  #awaitingSnapshot = new Map<Member, number>();
  #takingSnapshot = false;
  #ended = false;

  constructor(needs: GroupNeeds) {
    this.#needs = needs;
    this.#opening = openSource(needs.request, this.#context());
    this.#opening.then(
      (opened) => this.#opened(opened),
      () => this.#end(),
    );
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: Member): boolean {
    return this.#members.has(member);
  }

  /**
   * Takes in a member, which leaves the group it was in.
   * @param change - of the rights it comes with, when that is why it comes
   * @returns the errors with which the source refused to open
   */
  async admit(member: Member, change?: RightsChange): Promise<ExecutionResult | undefined> {
    const stillHere = member.enter(() => this.#leave(member));
    if (!member.stream.ended) this.#members.add(member);
    const opened = await this.#opening;
    if (!('events' in opened)) return opened;
    const first = change ? await this.#bodies(opened.onRights?.(change, this.#context())) : [];
    if (!stillHere()) return undefined;
    if (this.#ended) {
      member.stream.end();
      return undefined;
    }
    const { overflow } = this.#needs.request.analysis.roots[0]?.marks ?? {};
    member.begin({
      first,
      overflow: overflow ?? (opened.snapshot ? 'skip' : 'end'),
      askSnapshot: opened.snapshot && ((one, turn) => this.#askSnapshot(one, turn)),
    });
    return undefined;
  }

  #context(): RequestContext {
    return this.#needs.newContext(this.#controller.signal);
  }

  #opened(opened: OpenSource | ExecutionResult): void {
    if (!('events' in opened)) return this.#end();
    this.#source = opened;
    // Everyone left while it was being opened.
    if (this.#ended) return closeSource(opened);
    void this.#pump(opened);
  }

  async #pump({ events }: OpenSource): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await events.next();
        if (done) break;
        const body = this.#needs.toBody(await executeEvent(this.#needs.request, value, this.#context()));
        for (const member of this.#members) member.deliver(body);
      }
      this.#end();
    } catch (error) {
      this.#end({ error });
    }
  }

  #askSnapshot(member: Member, turn: number): void {
    this.#awaitingSnapshot.set(member, turn);
    if (!this.#takingSnapshot) void this.#takeSnapshots();
  }

  /**
   * One at a time. Whoever arrives while one is being made waits for the next, as the one under way may be older than
   * their arrival; all who wait share it.
   */
  async #takeSnapshots(): Promise<void> {
    this.#takingSnapshot = true;
    while (this.#awaitingSnapshot.size > 0) {
      const waiting = this.#awaitingSnapshot;
      this.#awaitingSnapshot = new Map();
      try {
        const bodies = await this.#bodies(this.#source?.snapshot?.(this.#context()));
        for (const [member, turn] of waiting) void member.deliverSnapshot(bodies, turn);
      } catch (error) {
        for (const member of waiting.keys()) if (this.#members.has(member)) member.stream.fail(error);
      }
    }
    this.#takingSnapshot = false;
  }

  async #bodies(events: Events | undefined): Promise<string[]> {
    const { request, toBody } = this.#needs;
    const bodies: string[] = [];
    for (const event of (await events) ?? []) {
      bodies.push(toBody(await executeEvent(request, event, this.#context())));
    }
    return bodies;
  }

  #leave(member: Member): void {
    this.#members.delete(member);
    this.#awaitingSnapshot.delete(member);
    if (this.#members.size === 0) this.#end();
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#needs.onEnd(this);
    this.#controller.abort();
    if (this.#source) closeSource(this.#source);
    for (const member of this.#members) {
      if (failure) member.stream.fail(failure.error);
      else member.stream.end();
    }
  }
}
