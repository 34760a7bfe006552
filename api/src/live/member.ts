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
  /** Sent before everything else. */
  readonly first: readonly string[];
  /** Asks the group for a snapshot, to be delivered with this number; absent when the field has none. */
  readonly askSnapshot: ((member: Member, turn: number) => void) | undefined;
}

/**
 * One reader of a shared subscription: the same bodies as everyone, under an id and at a pace of its own. When rights
 * change it is moved to the group of those who hold the new ones; until that is settled, nothing is sent.
 */
export class Member {
  /** Never yields: bodies go straight to the socket, the protocol library only learns of the end. */
  readonly stream: Source<never>;
  readonly #connection: Connection;
  readonly #head: string;
  #leave: () => void = () => {};
  #begun: Start | undefined;
  /** Of the beginning, what was not sent yet. */
  #first: string[] = [];
  /** What comes before the beginning, while a snapshot is made, and while rights are unsettled. */
  #held: string[] | undefined = [];
  #missedWhileHeld = false;
  /** Set while events are left out because the socket is full. */
  #skip: object | undefined;
  #suspended = false;
  /** What was on its way when it was suspended must be asked for again. */
  #interrupted = false;
  /** Grows with whatever makes outdated what is on its way here. */
  #turn = 0;

  constructor({ connection, id, signal }: Reader) {
    this.#connection = connection;
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.stream = new Source<never>({ keep: 'newest', limit: 1 }, () => this.#leave(), signal);
  }

  /**
   * Leaves the group it is in, if any, for another. Nothing that the old one still has for it is sent any more.
   * @returns whether it is still there
   */
  enter(leave: () => void): () => boolean {
    this.#leave();
    this.#leave = leave;
    this.#begun = undefined;
    this.#held = [];
    this.#missedWhileHeld = false;
    this.#skip = undefined;
    this.#suspended = false;
    this.#interrupted = false;
    this.#turn += 1;
    return () => this.#leave === leave && !this.stream.ended;
  }

  begin(start: Start): void {
    this.#begun = start;
    this.#first = [...start.first];
    if (this.#suspended) this.#interrupted = true;
    else this.#start();
  }

  /** Sends nothing more until {@link resume}: it may not be allowed any longer. */
  suspend(): void {
    if (this.#suspended) return;
    this.#suspended = true;
    this.#turn += 1;
    if (this.#held) this.#interrupted = true;
    else this.#held = [];
  }

  /** It is allowed as before. */
  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    if (!this.#begun) return;
    if (interrupted) this.#start();
    else this.#release();
  }

  /** @param body - the execution result as JSON */
  deliver(body: string): void {
    if (this.#skip || this.stream.ended) return;
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
   * @param turn - as it was asked for with
   */
  async deliverSnapshot(bodies: readonly string[], turn: number): Promise<void> {
    for (const body of bodies) {
      if (turn !== this.#turn || this.stream.ended) return;
      if (this.#connection.bufferedAmount > highWater) await this.#connection.drained();
      if (turn !== this.#turn || this.stream.ended) return;
      this.#connection.post(`${this.#head}${body}}`);
    }
    if (turn === this.#turn) this.#release();
  }

  #start(): void {
    if (this.stream.ended) return;
    this.#turn += 1;
    this.#skip = undefined;
    for (const body of this.#first.splice(0)) this.#connection.post(`${this.#head}${body}}`);
    const { askSnapshot } = this.#begun ?? {};
    if (askSnapshot) askSnapshot(this, this.#turn);
    else this.#release();
  }

  #release(): void {
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
    this.#start();
  }

  #skipUntilDrained(): void {
    const skip = (this.#skip = {});
    void this.#connection.drained().then(() => {
      if (this.#skip !== skip) return;
      this.#skip = undefined;
      if (this.#suspended) this.#interrupted = true;
      else this.#refresh();
    });
  }
}
