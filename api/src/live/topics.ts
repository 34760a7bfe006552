import { Room, type Feed } from './room.ts';
import { Source, type Buffering } from './source.ts';

export { allChannels, type Feed } from './room.ts';

interface TopicOptions<Payload> {
  /** What a subscriber who is busy keeps. */
  readonly buffering: Buffering<Payload>;
  /**
   * The part of the topic an event belongs to (a server's id, say), so that one can listen to that part only.
   * @default one channel for all
   */
  readonly channel?: (payload: Payload) => string;
}

/** A kind of event inside the control plane, declared once by the domain that publishes it. */
export class Topic<Payload> {
  readonly buffering: Buffering<Payload>;
  readonly channel: (payload: Payload) => string;
  /** Topics are constants of a module, listeners belong to one app: tests run several in a process. */
  readonly #rooms = new WeakMap<object, Room<Payload>>();

  constructor({ buffering, channel = () => '' }: TopicOptions<Payload>) {
    this.buffering = buffering;
    this.channel = channel;
  }

  roomIn(hub: object): Room<Payload> {
    let room = this.#rooms.get(hub);
    if (!room) this.#rooms.set(hub, (room = new Room()));
    return room;
  }
}

interface Listening<Payload> {
  /** Only these channels. @default all */
  readonly channels?: Iterable<string>;
  /** Only events for which this holds; the rest costs its reader nothing. */
  readonly where?: (payload: Payload) => boolean;
  /** Ends the source. */
  readonly signal?: AbortSignal;
}

/** Events inside the control plane: who publishes knows nothing of who listens. */
export class Topics {
  /** Hands the payload to everyone who listens now. Costs next to nothing when nobody does. */
  publish<Payload>(topic: Topic<Payload>, payload: NoInfer<Payload>): void {
    topic.roomIn(this).deliver(topic.channel(payload), payload);
  }

  /** What is published from now on, until the source is returned or the signal aborts. */
  subscribe<Payload>(
    topic: Topic<Payload>,
    { channels, where, signal }: Listening<NoInfer<Payload>> = {},
  ): Source<Payload> {
    const room = topic.roomIn(this);
    const list = channels && [...new Set(channels)];
    const source = new Source<Payload>(topic.buffering, (ended) => room.leave(list, ended), signal, where);
    if (!source.ended) room.enter(list, source);
    return source;
  }

  /**
   * Runs `feed` for each channel while at least one listens to it: how 1 s samples are taken only while watched. One
   * who listens to all channels counts as the channel `allChannels`.
   * @returns a function that stops every feed
   */
  onDemand<Payload>(topic: Topic<Payload>, feed: Feed): () => void {
    return topic.roomIn(this).feed(feed);
  }

  /** Whether anybody would see an event of this channel. */
  watched<Payload>(topic: Topic<Payload>, channel = ''): boolean {
    return topic.roomIn(this).watched(channel);
  }
}
