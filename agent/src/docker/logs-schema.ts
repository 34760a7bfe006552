import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { LogBatch, LogSegment } from './container.ts';

const Stream = builder.enumType('LogStream', { values: ['STDOUT', 'STDERR'] as const });

const Segment = builder.objectRef<LogSegment>('LogSegment').implement({
  fields: (t) => ({
    stream: t.expose('stream', { type: Stream }),
    text: t.exposeString('text', {
      description:
        'Whole lines, each ending in "\\n" (the last of a finished log may lack it). Bytes that are not UTF-8 become U+FFFD.',
    }),
    partial: t.exposeBoolean('partial', {
      description:
        'The text is a piece of a line over 64 KB, and the next segment of the stream goes on with it.',
    }),
  }),
});

const Batch = builder.objectRef<LogBatch>('LogBatch').implement({
  description: 'At most 64 KB of text. Its UTF-8 bytes are spent from the credit.',
  fields: (t) => ({
    segments: t.expose('segments', { type: [Segment], description: 'In the order of the log.' }),
  }),
});

builder.subscriptionField('containerLogs', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'The log of a container, sent as credit allows. Ends with the log, or never when following.',
    type: Batch,
    args: {
      id: t.arg.id({ required: true }),
      tail: t.arg.int({ description: 'Only so many of the last lines; all when null.' }),
      sinceMs: t.arg({ type: 'SafeInt' }),
      untilMs: t.arg({ type: 'SafeInt' }),
      follow: t.arg.boolean({ required: true }),
      stdout: t.arg.boolean({ required: true }),
      stderr: t.arg.boolean({ required: true }),
      timestamps: t.arg.boolean({
        required: true,
        description: "Each line begins with Docker's RFC 3339 time in nanoseconds and a space.",
      }),
      windowBytes: t.arg.int({ required: true, description: 'Credit to begin with.' }),
    },
    subscribe(_root, args, { services, credits, signal }) {
      services.policy.requireFeature('docker');
      services.policy.requireFeature('logs');
      if (!args.stdout && !args.stderr) {
        throw new AgentError('INPUT_INVALID', 'Ask for stdout, stderr or both.');
      }
      if (typeof args.tail === 'number' && args.tail < 0) {
        throw new AgentError('INPUT_INVALID', 'tail must not be negative.');
      }
      const { id, follow, stdout, stderr, timestamps } = args;
      const [tail, sinceMs, untilMs] = [args.tail ?? null, args.sinceMs ?? null, args.untilMs ?? null];
      const options = { id, tail, sinceMs, untilMs, follow, stdout, stderr, timestamps };
      return services.docker.logs(options, credits, signal);
    },
    resolve: (batch) => batch,
  }),
);
