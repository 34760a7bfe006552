import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.ts';
import { Member, type Reader } from './member.ts';
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
  #awaitingSnapshot = new Set<Member>();
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

  /** @returns the member, or the errors with which the source refused to open */
  async join(reader: Reader): Promise<Member | ExecutionResult> {
    const member = new Member(reader, (one) => this.#leave(one));
    if (!member.stream.ended) this.#members.add(member);
    const opened = await this.#opening;
    if (!('events' in opened)) return opened;
    if (this.#ended) {
      member.stream.end();
      return member;
    }
    const { overflow } = [...this.#needs.request.analysis.roots.values()][0] ?? {};
    member.begin({
      overflow: overflow ?? (opened.snapshot ? 'skip' : 'end'),
      askSnapshot: opened.snapshot && ((one) => this.#askSnapshot(one)),
    });
    return member;
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

  #askSnapshot(member: Member): void {
    this.#awaitingSnapshot.add(member);
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
      this.#awaitingSnapshot = new Set();
      try {
        const bodies = await this.#snapshotBodies();
        for (const member of waiting) void member.deliverSnapshot(bodies);
      } catch (error) {
        for (const member of waiting) member.stream.fail(error);
      }
    }
    this.#takingSnapshot = false;
  }

  async #snapshotBodies(): Promise<string[]> {
    const { request, toBody } = this.#needs;
    const bodies: string[] = [];
    for (const event of (await this.#source?.snapshot?.(this.#context())) ?? []) {
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
