import type { Client } from '../client.ts';
import {
  MergedLogsDocument,
  type MergedLogsSubscription,
  type MergedLogsSubscriptionVariables,
} from '../generated/operations.ts';
import { iterate } from '../iterate.ts';
import { LogPosition, type LogLine } from './position.ts';

/** Which logs, at most 16, and which part of them. */
export interface MergedLogRequest extends Omit<MergedLogsSubscriptionVariables, 'sources'> {
  readonly sources: readonly { readonly serverId: string; readonly containerId: string }[];
}

/** A line of one of several logs. */
export interface MergedLogLine extends LogLine {
  /** Its place in `sources` of what was asked, from 0. */
  readonly source: number;
}

/** How one of several logs is, from here on. */
export type MergedLogReport = MergedLogsSubscription['mergedLogs']['sources'][number];

export interface MergedLogOptions {
  readonly signal?: AbortSignal;
  /** Told how each of the logs is, at its place between the lines. */
  readonly onReport?: (report: MergedLogReport) => void;
}

/** Parts that may wait to be read, 64 KB each at most. */
const limit = 32;

/**
 * The logs of several containers as one, in the order of time, in batches as they come; with `follow`, the default, until
 * it is left. It is never ahead of its reader. A server that is away is waited for and meanwhile the others go on, which
 * `onReport` tells; after a lost connection each log goes on with its next line: none is lost, none comes twice. Scope:
 * docker:containers:read, on each of the servers.
 *
 * @throws ServerKitApiError from the iteration
 */
export function mergedLogBatches(
  client: Client,
  request: MergedLogRequest,
  { signal, onReport }: MergedLogOptions = {},
): AsyncIterableIterator<readonly MergedLogLine[], undefined> {
  const { sources } = request;
  const positions = sources.map(() => new LogPosition());
  const variables = (): MergedLogsSubscriptionVariables => ({
    ...request,
    sources: sources.map(({ serverId, containerId }, index) => {
      const after = afterOf(positions[index]);
      return after === undefined ? { serverId, containerId } : { serverId, containerId, after };
    }),
  });
  const events = client.stream(MergedLogsDocument, variables, {
    signal,
    backlog: { overflow: 'wait', limit },
  });
  async function* read(): AsyncGenerator<readonly MergedLogLine[], undefined> {
    for await (const { data, gap } of events) {
      if (gap) for (const position of positions) position.rewind();
      const { segments, sources: reports } = data.mergedLogs;
      const lines = segments.flatMap(({ source, ...segment }) =>
        (positions[source]?.take(segment) ?? []).map((line): MergedLogLine =>
          Object.assign(line, { source }),
        ),
      );
      if (lines.length > 0) yield lines;
      for (const report of reports) onReport?.(report);
    }
    return undefined;
  }
  return iterate(read(), () => void events.return?.());
}

/** From a little before the last line that was read, as nine digits of a second. */
function afterOf(position: LogPosition | undefined): string | undefined {
  return position?.since?.replace('Z', '000000Z');
}
