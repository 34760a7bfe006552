import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { requirePerson } from '../context.ts';
import { TransferPayload } from '../docker-files/transfer-type.ts';
import type { LogFormat as LogFormatName } from './format.ts';
import { logDownloadPath } from './room.ts';
import { maxSources, requireLogs, type LogRequest } from './service.ts';
import { LogFilterInput, LogSourceInput, MergedLogBatch, type MergedBatch } from './types.ts';

const fewSources = z
  .array(z.unknown())
  .min(1, 'must name a container')
  .max(maxSources, `at most ${maxSources}`);
const tailLines = z.number().int().min(0).max(1_000_000);

interface Asked extends Pick<LogRequest, 'sources'> {
  readonly filter?: LogRequest['filter'] | undefined;
  readonly since?: Date | null | undefined;
  readonly until?: Date | null | undefined;
  readonly tail?: number | null | undefined;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

function requestOf(
  { sources, filter, since, until, tail, stdout, stderr }: Asked,
  follow: boolean,
): LogRequest {
  const [sinceMs, untilMs] = [since?.getTime() ?? null, until?.getTime() ?? null];
  return {
    sources,
    filter: filter ?? null,
    range: { tail: tail ?? null, sinceMs, untilMs, follow, stdout, stderr },
  };
}

builder.subscriptionFields((t) => ({
  mergedLogs: t.field({
    type: MergedLogBatch,
    access: 'docker:containers:read',
    on: (_root, { sources }) => sources.map(({ serverId }) => serverId),
    delivery: 'private',
    description:
      'The logs of several containers, on one server or several, as one in the order of time. Each goes on without the others: one that fails, or whose server is offline, is told in `sources`. Followed logs are told as they come, so a line that comes more than a quarter of a second later than others may be out of order, and none waits longer than 5 s; logs that are not followed are in order throughout. Never shared between viewers; slows down with its reader. Scope: docker:containers:read, on each of the servers.',
    args: {
      filter: t.arg({ type: LogFilterInput, description: 'Only lines that have this.' }),
      follow: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Go on with what is written from now on, also after breaks.',
      }),
      since: t.arg({ type: 'DateTime', description: 'Only what was written at this instant or later.' }),
      sources: t.arg({
        type: [LogSourceInput],
        required: true,
        description: `The containers, each once: at least one, at most ${maxSources}.`,
        validate: fewSources,
      }),
      stderr: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Whether to tell standard error.',
      }),
      stdout: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Whether to tell standard output.',
      }),
      tail: t.arg.int({
        description: 'How many of the last lines of each log to begin with; all when absent.',
        validate: tailLines,
      }),
      until: t.arg({ type: 'DateTime', description: 'Only what was written before this instant.' }),
    },
    async subscribe(_root, { follow, ...asked }, context) {
      requireLogs(context.principal.rights, asked.sources);
      const principal = requirePerson(context);
      const { services, signal, socket } = context;
      const reader = { actor: actorOf(context), principal, signal, ...(socket && { socket }) };
      const { sources, parts } = await services.logs.merged(requestOf(asked, follow), reader);
      return withSources(parts, sources);
    },
    resolve: (batch) => batch,
  }),
}));

/** Each part with what it is of. Leaving must not wait for the next part, as a generator would. */
function withSources(
  parts: AsyncIterableIterator<Omit<MergedBatch, 'sources'>, undefined>,
  sources: MergedBatch['sources'],
): AsyncIterableIterator<MergedBatch, undefined> {
  return {
    async next() {
      const step = await parts.next();
      return step.done ? step : { done: false, value: { ...step.value, sources } };
    },
    async return() {
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const LogFormat = builder.enumType('LogFormat', {
  description: 'How a log is saved.',
  values: {
    NDJSON: {
      description:
        'An object in JSON for each line: at, serverId, server, containerId, container, stream, text, and partial for pieces of lines over 64 KB. A log that cannot be read is an object with error instead of text.',
    },
    TEXT: {
      description:
        'As `docker logs --timestamps` prints it, with the name of the container after the time where there are several. A log that cannot be read is a line that begins with "#".',
    },
  } satisfies Record<LogFormatName, object>,
});

const StartLogDownloadInput = builder.inputType('StartLogDownloadInput', {
  fields: (t) => ({
    filter: t.field({ type: LogFilterInput, description: 'Only lines that have this.' }),
    format: t.field({
      type: LogFormat,
      required: true,
      defaultValue: 'TEXT',
      description: 'How they are written.',
    }),
    since: t.field({ type: 'DateTime', description: 'Only what was written at this instant or later.' }),
    sources: t.field({
      type: [LogSourceInput],
      required: true,
      description: `The containers, each once: at least one, at most ${maxSources}. Their logs run into one file, in the order of time.`,
      validate: fewSources,
    }),
    stderr: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether standard error is wanted.',
    }),
    stdout: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether standard output is wanted.',
    }),
    tail: t.int({
      description: 'How many of the last lines of each log; all when absent.',
      validate: tailLines,
    }),
    until: t.field({ type: 'DateTime', description: 'Only what was written before this instant.' }),
  }),
});

builder.mutationFields((t) => ({
  startLogDownload: t.field({
    type: TransferPayload,
    access: 'docker:containers:read',
    on: (_root, { input }) => input.sources.map(({ serverId }) => serverId),
    description:
      'Allows the download of what the logs of some containers hold by now, as one file in the order of time: GET its `url` within a minute. Asking is audited, and so is what was sent. Scope: docker:containers:read, on each of the servers.',
    args: { input: t.arg({ type: StartLogDownloadInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      requireLogs(context.principal.rights, input.sources);
      const ticket = await context.services.logs.offerDownload({
        request: requestOf(input, false),
        format: input.format,
        principal: requirePerson(context),
        actor: actorOf(context),
      });
      return { ...ticket, path: logDownloadPath };
    },
  }),
}));
