import * as z from 'zod';
import { presentable, protocolError } from '../agents/agent-errors.ts';
import type { AgentJobEventsSubscription } from '../generated/agent/graphql.ts';

/** How far one part of a job is. */
export interface JobProgress {
  readonly item: string;
  readonly status: string;
  readonly current: number | null;
  readonly total: number | null;
  readonly unit: 'BYTES' | 'COUNT' | null;
}

type Said = AgentJobEventsSubscription['jobEvents']['progress'];

/** More than any agent of ours tells of. */
const maxItems = 1_000;

const shape = z.array(
  z.object({
    item: z.string(),
    status: z.string(),
    current: z.number().nullable(),
    total: z.number().nullable(),
    unit: z.enum(['BYTES', 'COUNT']).nullable(),
  }),
);

/** As it is stored. */
export function storedProgress(value: unknown): JobProgress[] {
  return shape.safeParse(value).data ?? [];
}

/** The newest word on each part, in the order they were first told of. */
export class ProgressBoard {
  readonly #items = new Map<string, JobProgress>();

  /** @throws ServerKitError AGENT_PROTOCOL_ERROR for more parts than a job has */
  take(said: Said): void {
    for (const { item, status, current, total, unit } of said) {
      const name = presentable(item);
      this.#items.set(name, { item: name, status: presentable(status), current, total, unit });
    }
    if (this.#items.size > maxItems) throw protocolError('more parts of a job than there can be');
  }

  all(): readonly JobProgress[] {
    return [...this.#items.values()];
  }
}
