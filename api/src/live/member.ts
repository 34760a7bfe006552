import { ServerKitError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { Source } from './source.ts';

/** What may wait in a reader's socket before shared events are left out, in bytes. */
const highWater = 128 * 1024;

/** Events kept while a snapshot is made; beyond it another snapshot is asked for. */
const maxHeld = 64;

/** Who reads: a socket, and the name the client gave its subscription there. */
export interface Reader {
  readonly connection: Connection;
  readonly id: string;
  /** Aborted when the client completes the subscription or goes away. */
  readonly signal: AbortSignal;
}

/** What is known once the source is open. */
export interface Start {
  readonly overflow: 'skip' | 'end';
  /** Asks the group for a snapshot; absent when the field has none. */
  readonly askSnapshot: ((member: Member) => void) | undefined;
}

/** One reader of a shared subscription: the same bodies as everyone, under an id and at a pace of its own. */
export class Member {
  /** Never yields: bodies go straight to the socket, the protocol library only learns of the end. */
  readonly stream: Source<never>;
  readonly #connection: Connection;
  readonly #head: string;
  #begun: Start | undefined;
  /** What comes before the beginning, and while a snapshot is made. */
  #held: string[] | undefined = [];
  #missedWhileHeld = false;
  #skipping = false;

  constructor({ connection, id, signal }: Reader, onLeave: (member: Member) => void) {
    this.#connection = connection;
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.stream = new Source<never>({ keep: 'newest', limit: 1 }, () => onLeave(this), signal);
  }

  begin(start: Start): void {
    this.#begun = start;
    if (start.askSnapshot) start.askSnapshot(this);
    else void this.deliverSnapshot([]);
  }

  /** @param body - the execution result as JSON */
  deliver(body: string): void {
    if (this.#skipping || this.stream.ended) return;
    if (this.#held) {
      if (this.#held.length < maxHeld) this.#held.push(body);
      else this.#missedWhileHeld = true;
      return;
    }
    if (this.#connection.bufferedAmount <= highWater) {
      this.#connection.post(`${this.#head}${body}}`);
    } else if (this.#begun?.overflow === 'end') {
      this.stream.fail(
        new ServerKitError(
          'SLOW_CONSUMER',
          'You read more slowly than events arrive. Subscribe again, or to less.',
        ),
      );
    } else {
      this.#skipUntilDrained();
    }
  }

  /**
   * Sends all of them, at the reader's pace, and then what was held back meanwhile.
   * @param bodies - of the events to begin with; none when the field has no snapshot
   */
  async deliverSnapshot(bodies: readonly string[]): Promise<void> {
    for (const body of bodies) {
      if (this.#connection.bufferedAmount > highWater) await this.#connection.drained();
      if (this.stream.ended) return;
      this.#connection.post(`${this.#head}${body}}`);
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    if (!this.#missedWhileHeld) {
      for (const event of held) this.deliver(event);
      return;
    }
    this.#missedWhileHeld = false;
    this.#refresh();
  }

  #refresh(): void {
    if (!this.#begun?.askSnapshot || this.stream.ended) return;
    this.#held = [];
    this.#begun.askSnapshot(this);
  }

  #skipUntilDrained(): void {
    this.#skipping = true;
    void this.#connection.drained().then(() => {
      this.#skipping = false;
      this.#refresh();
    });
  }
}
