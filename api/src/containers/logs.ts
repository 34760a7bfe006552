import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import { readBulk } from '../agents/bulk.ts';
import type { AgentLink } from '../agents/link.ts';
import type { ViewerSocket } from '../context.ts';
import type {
  ContainerLogsSubscription,
  ContainerLogsSubscriptionVariables,
} from '../generated/agent/graphql.ts';
import { ContainerLogsDocument } from './operations.ts';

export type LogBatch = ContainerLogsSubscription['containerLogs'];

export type LogOptions = Omit<ContainerLogsSubscriptionVariables, 'windowBytes'>;

const segmentWeight = 8;

/** A container's log at the pace of its reader; see {@link readBulk}. */
export function followLogs(
  link: AgentLink,
  options: LogOptions,
  reader: { readonly actor: string; readonly signal: AbortSignal; readonly socket?: ViewerSocket },
): AsyncIterableIterator<LogBatch, undefined> {
  return readBulk(
    link,
    {
      document: ContainerLogsDocument,
      variables: { ...options, windowBytes: bulkWindowBytes },
      scopes: ['docker:containers:read'],
      pieceOf: ({ containerLogs }) => containerLogs,
      bytesOf: ({ segments }: LogBatch) =>
        segments.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
      weightOf: ({ segments }: LogBatch) =>
        segments.reduce((sum, { text }) => sum + text.length + segmentWeight, segmentWeight),
      noun: 'a log',
    },
    reader,
  );
}
