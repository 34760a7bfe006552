import type { Logger } from 'pino';
import { whileLinked } from '../agents/follow.ts';
import type { AgentLink, Agents, AgentStream } from '../agents/link.ts';
import { allChannels, type Topics } from '../live/topics.ts';
import { packDetail, shapeOf, type Shape } from './detail.ts';
import { checkSample } from './limits.ts';
import type { Packed } from './newest.ts';
import { LiveSamples } from './operations.ts';
import type { Measured, Sample } from './sample.ts';
import { liveSamples } from './topics.ts';
import { absurdSkewMs } from './wall-clock.ts';

/** A stream that brought nothing for this long (ms) does not count as live. */
const silenceMs = 3_000;

export interface LivePorts {
  readonly agents: Agents;
  readonly topics: Topics;
  readonly log: Logger;
  readonly seen: (newest: Packed) => void;
}

/**
 * Has agents measure every second while somebody watches: one stream for each server however many watch, opened anew on
 * each new link, ended with the last who looks away.
 */
export class Live {
  readonly #ports: LivePorts;
  /** When a server last sent a live sample, by performance.now(). */
  readonly #heard = new Map<string, number>();

  constructor(ports: LivePorts) {
    this.#ports = ports;
    const { agents, topics } = ports;
    topics.onDemand(liveSamples, (serverId) => {
      if (serverId === allChannels) return () => {};
      const stop = whileLinked(agents, serverId, (link) => this.#watch(link));
      return () => {
        stop();
        this.#heard.delete(serverId);
      };
    });
  }

  /** Passes a 10 s sample on to those who watch a server that does not answer every second. */
  fallBackOn(measured: Measured): void {
    const heard = this.#heard.get(measured.serverId);
    if (heard !== undefined && performance.now() - heard < silenceMs) return;
    this.#ports.topics.publish(liveSamples, measured);
  }

  #watch(link: AgentLink): AgentStream | undefined {
    if (!link.scopes.has('system:metrics:read')) return undefined;
    let shape: Shape | undefined;
    let stream: AgentStream | undefined;
    const fail = (error: unknown): void => {
      stream?.stop();
      if (!link.closed.aborted) this.#complain(link, error);
    };
    try {
      stream = link.subscribe(
        LiveSamples,
        {},
        { actor: 'system', scopes: ['system:metrics:read'] },
        {
          next: ({ liveSamples: sample }) => {
            try {
              shape = this.#take(link.serverId, sample, shape);
            } catch (error) {
              fail(error);
            }
          },
          end: (error) => {
            if (error) fail(error);
          },
        },
      );
    } catch (error) {
      // An agent too old for it; those of every ten seconds stand in.
      fail(error);
    }
    return stream;
  }

  #take(serverId: string, sample: Sample, lastShape: Shape | undefined): Shape {
    checkSample(sample);
    const now = Date.now();
    const measured: Measured = {
      serverId,
      at: Math.abs(sample.at - now) <= absurdSkewMs ? sample.at : now,
      sample,
    };
    this.#heard.set(serverId, performance.now());
    const shape = shapeOf(sample, lastShape);
    this.#ports.seen({ measured, shape, detail: packDetail(sample) });
    this.#ports.topics.publish(liveSamples, measured);
    return shape;
  }

  #complain({ serverId }: AgentLink, error: unknown): void {
    this.#ports.log.warn({ err: error, serverId }, 'an agent stopped measuring every second');
  }
}
