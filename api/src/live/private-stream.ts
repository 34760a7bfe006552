import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.ts';
import { permissionDenied } from '../errors.ts';
import { scopeOf, type Events, type RightsChange } from '../graphql/access.ts';
import { EventStream } from './event-stream.ts';
import type { Revisable } from './operation.ts';
import {
  closeSource,
  executeEvent,
  openSource,
  type OpenSource,
  type SubscriptionRequest,
} from './subscription.ts';

interface Viewer {
  /** A new context, with the rights held now. */
  readonly context: () => RequestContext;
  /** Resolves when it is certain which rights are held; undefined when it is. */
  readonly unsettled: () => Promise<void> | undefined;
}

/** A subscription executed for one viewer, at the viewer's own pace: the next event is taken when the last was sent. */
export class PrivateStream implements Revisable {
  readonly #request: SubscriptionRequest;
  readonly #viewer: Viewer;
  #source: OpenSource | undefined;
  #change: RightsChange | undefined;
  #first: unknown[] | undefined;
  #told: unknown;

  constructor(request: SubscriptionRequest, viewer: Viewer) {
    this.#request = request;
    this.#viewer = viewer;
  }

  /** @returns the stream, or the errors with which the source refused to open */
  async open(): Promise<EventStream<ExecutionResult> | ExecutionResult> {
    const opened = await openSource(this.#request, this.#viewer.context());
    if (!('events' in opened)) return opened;
    this.#source = opened;
    return new EventStream(
      () => this.#step(opened),
      () => this.#source && closeSource(this.#source),
    );
  }

  suspend(): void {
    // What was executed waits in #execute.
  }

  resume(): void {}

  /** What the source brings was chosen by the rights it was opened with: it is opened again. */
  revise(change: RightsChange): void {
    if (this.#isBound(change) && !this.#source?.onRights) return;
    this.#change = { before: this.#change?.before ?? change.before, now: change.now };
    if (this.#source) closeSource(this.#source);
  }

  /**
   * It is about one server, or some that it names: while as much is allowed on each of them, other rights change nothing of
   * it, unless its field says so.
   */
  #isBound({ before, now }: RightsChange): boolean {
    const [need] = this.#request.needs;
    const where = need?.where;
    if (typeof where === 'string') return true;
    const scope = scopeOf(need?.access);
    if (!scope || typeof where !== 'object' || where === null) return false;
    return where.every((id) => before.on(id).has(scope) === now.on(id).has(scope));
  }

  async #step(begin: OpenSource): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#first ??= await this.#beginning(begin, undefined);
    for (;;) {
      await this.#viewer.unsettled();
      if (this.#change) {
        await this.#openAgain(this.#change);
        continue;
      }
      const source = this.#source ?? begin;
      const { done, value } =
        this.#first.length > 0 ? { value: this.#first.shift() } : await source.events.next();
      if (this.#change) continue;
      if (done) return { done: true, value: undefined };
      const result = await this.#execute(value);
      if (this.#change) continue;
      this.#told = value;
      return { done: false, value: result };
    }
  }

  async #openAgain(change: RightsChange): Promise<void> {
    this.#change = undefined;
    const opened = await openSource(this.#request, this.#viewer.context(), this.#told);
    if (!('events' in opened)) throw opened.errors?.[0] ?? permissionDenied();
    this.#source = opened;
    this.#first = await this.#beginning(opened, change);
  }

  async #beginning({ onRights, snapshot }: OpenSource, change: RightsChange | undefined): Promise<unknown[]> {
    const context = this.#viewer.context();
    const told: Events = (change && (await onRights?.(change, context))) ?? [];
    return [...told, ...((await snapshot?.(context)) ?? [])];
  }

  /** With the rights held when it is sent, which may be others than when it was begun. */
  async #execute(event: unknown): Promise<ExecutionResult> {
    for (;;) {
      const context = this.#viewer.context();
      const result = await executeEvent(this.#request, event, context);
      const unsettled = this.#viewer.unsettled();
      if (unsettled) await unsettled;
      if (this.#viewer.context().principal === context.principal) return result;
    }
  }
}
