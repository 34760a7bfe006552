import * as z from 'zod';
import { builder } from '../builder.ts';
import { BulkError, shownError } from '../bulk/result-type.ts';
import { LogStream } from '../containers/types.ts';
import { containerReference } from '../input-text.ts';
import { maxFilterText } from './filter.ts';
import type { MergedLogs, NamedSource, SourceReport } from './service.ts';
import type { MergedPart } from './merged.ts';
import { momentOf } from './moment.ts';

/** A part of merged logs, and what they are of. */
export interface MergedBatch extends MergedPart, Pick<MergedLogs, 'sources'> {}

interface Segment {
  readonly source: number;
  readonly stream: 'STDOUT' | 'STDERR';
  readonly text: string;
  readonly partial: boolean;
}

const SourceState = builder.enumType('LogSourceState', {
  description: 'How one of several logs is.',
  values: {
    ENDED: {
      description: 'All of it was told. One that is followed goes on when its container is started again.',
    },
    FAILED: { description: 'It cannot be read; `error` says why. The others go on.' },
    OFFLINE: { description: 'Its server is offline. One that is followed goes on when it is back.' },
    OPENING: { description: 'It was asked for, and nothing has come yet.' },
    READING: { description: 'It is being told.' },
  } as const,
});

const MergedLogSegment = builder.objectRef<Segment>('MergedLogSegment').implement({
  access: 'inherited',
  description: 'Whole lines of one log, each ending in a line feed. A line over 64 KB comes in pieces.',
  fields: (t) => ({
    partial: t.exposeBoolean('partial', {
      description: 'The line goes on in the next segment of this source and stream.',
    }),
    source: t.exposeInt('source', {
      description: 'Which of the logs it is of: its place in `sources` of what was asked, from 0.',
    }),
    stream: t.field({
      type: LogStream,
      description: 'Which stream it was written to.',
      resolve: ({ stream }) => stream,
    }),
    text: t.exposeString('text', {
      description:
        "Each line begins with Docker's RFC 3339 time in nanoseconds and a space, as its server's clock had it. What is not UTF-8 becomes U+FFFD.",
    }),
  }),
});

const LogSourceReport = builder
  .objectRef<Omit<SourceReport, 'source'> & NamedSource & { readonly index: number }>('LogSourceReport')
  .implement({
    access: 'inherited',
    echoes: true,
    description: 'How one of several logs is, from here on.',
    fields: (t) => ({
      clockAheadMs: t.field({
        type: 'SafeInt',
        description:
          'How far the clock of its server is ahead of ours: so much is taken off its times where lines are put in order, and added to `since` and `until`. 0 for less than 2 s, which is as well as it is known.',
        resolve: ({ aheadMs }) => aheadMs,
      }),
      containerId: t.id({
        description: 'The container, as it was named.',
        resolve: ({ containerId }) => containerId,
      }),
      error: t.field({
        type: BulkError,
        nullable: true,
        description: 'Why it cannot be read; null unless it failed.',
        resolve: ({ error }, _args, { log }) => shownError(error, log),
      }),
      name: t.exposeString('name', {
        description: 'The name of the container, as far as it is known.',
      }),
      serverId: t.id({ description: 'The server it is on.', resolve: ({ serverId }) => serverId }),
      source: t.int({
        description: 'Its place in `sources` of what was asked, from 0.',
        resolve: ({ index }) => index,
      }),
      state: t.field({ type: SourceState, description: 'How it is.', resolve: ({ state }) => state }),
    }),
  });

export const MergedLogBatch = builder.objectRef<MergedBatch>('MergedLogBatch').implement({
  access: 'inherited',
  description: 'The next part of several logs.',
  fields: (t) => ({
    segments: t.field({
      type: [MergedLogSegment],
      description: 'In the order of time.',
      resolve: ({ pieces }) => segmentsOf(pieces),
    }),
    sources: t.field({
      type: [LogSourceReport],
      description:
        'Those of the logs of which something else is true from here on, each at least once at the begin.',
      resolve: ({ reports, sources }) =>
        reports.flatMap(({ source, ...report }) => {
          const named = sources[source];
          return named ? [{ ...named, ...report, index: source }] : [];
        }),
    }),
  }),
});

/** Lines of one log that follow each other are told together. */
export function segmentsOf(pieces: MergedPart['pieces']): Segment[] {
  const segments: { source: number; stream: Segment['stream']; texts: string[]; partial: boolean }[] = [];
  for (const { source, stream, text, partial } of pieces) {
    const last = segments.at(-1);
    const goesOn = last?.source === source && last.stream === stream && !last.partial && !partial;
    if (goesOn) last.texts.push(text);
    else segments.push({ source, stream, texts: [text], partial });
  }
  return segments.map(({ source, stream, texts, partial }) => ({
    source,
    stream,
    text: texts.join(''),
    partial,
  }));
}

export const LogSourceInput = builder.inputType('LogSourceInput', {
  description: 'A container whose log is wanted.',
  fields: (t) => ({
    after: t.string({
      description:
        "Docker's time of the last line of it that is known already, as it began that line: only what came after it is told, as for going on after a break.",
      validate: z
        .string()
        .refine((stamp) => momentOf(stamp) !== null, 'must be a time in UTC with nine digits of a second'),
    }),
    containerId: t.id({
      required: true,
      description: 'Its id, 12 or more digits of it, or its name.',
      validate: containerReference,
    }),
    serverId: t.id({ required: true, description: 'The server it is on.' }),
  }),
});

export const LogFilterInput = builder.inputType('LogFilterInput', {
  description: 'What a line must have to be told.',
  fields: (t) => ({
    matchCase: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Tell capital letters from small ones.',
    }),
    regex: t.boolean({
      required: true,
      defaultValue: false,
      description:
        'The text is an expression in the syntax of RE2: without lookaround and back references, so that the time a line takes grows with its length alone.',
    }),
    text: t.string({
      required: true,
      description:
        'What is looked for in the first 8,192 characters of each line, colours and other control sequences left out.',
      validate: z.string().max(maxFilterText, `must have at most ${maxFilterText} characters`),
    }),
  }),
});
