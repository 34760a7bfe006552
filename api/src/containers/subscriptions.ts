import * as z from 'zod';
import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { holderOf, requirePerson } from '../context.ts';
import { each } from '../graphql/access.ts';
import { containerReference } from '../input-text.ts';
import { whileRead } from './log-shares.ts';
import { followLogs } from './logs.ts';
import { containerStats } from './service.ts';
import { ContainerEvent, ContainerStatsBatchType, LogBatchType } from './types.ts';

builder.subscriptionFields((t) => ({
  containerEvents: t.field({
    type: ContainerEvent,
    access: 'docker:containers:read',
    on: (_root, { serverId }) => serverId ?? each,
    description:
      'Containers as they change: first a snapshot, then deltas. Without a server: of every server. Scope: docker:containers:read.',
    args: { serverId: t.arg.id({ description: 'Only this server.' }) },
    subscribe: (_root, { serverId }, { services, signal, principal: { rights } }) =>
      services.containers.changes(serverId ?? null, seesWith(rights, 'docker:containers:read'), signal),
    // Taken for each who joins, as the source is shared and may have been open for long.
    snapshot: ({ serverId }, { services, principal: { rights } }) =>
      services.containers.snapshot(serverId ?? null, seesWith(rights, 'docker:containers:read')),
    resolve: (change) => change,
  }),
  serverContainerStats: t.field({
    type: ContainerStatsBatchType,
    access: 'docker:containers:read',
    on: (_root, { serverId }) => serverId,
    overflow: 'skip',
    description:
      'CPU, memory and traffic of all running containers of a server, every second. Scope: docker:containers:read.',
    args: { serverId: t.arg.id({ required: true }) },
    subscribe: (_root, { serverId }, { services, signal }) =>
      services.topics.subscribe(containerStats, { channels: [serverId], signal }),
    resolve: (batch) => batch,
  }),
  containerLogs: t.field({
    type: LogBatchType,
    access: 'docker:containers:read',
    on: (_root, { serverId }) => serverId,
    delivery: 'private',
    description:
      "A container's log. Never shared between viewers; slows down with its reader. Scope: docker:containers:read.",
    args: {
      containerId: t.arg.id({ required: true, validate: containerReference }),
      follow: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Go on with what is written from now on.',
      }),
      serverId: t.arg.id({ required: true }),
      since: t.arg({ type: 'DateTime', description: 'Only what was written at this instant or later.' }),
      stderr: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Whether to send standard error.',
      }),
      stdout: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Whether to send standard output.',
      }),
      tail: t.arg.int({
        description: 'How many of the last lines to begin with; all when absent.',
        validate: z.number().int().min(0).max(1_000_000),
      }),
      timestamps: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: "Begin each line with Docker's RFC 3339 timestamp and a space.",
      }),
      until: t.arg({ type: 'DateTime', description: 'Only what was written before this instant.' }),
    },
    subscribe(_root, { containerId, serverId, since, tail, until, ...streams }, context) {
      const { services, signal, socket } = context;
      const person = requirePerson(context);
      const link = services.agents.links.require(serverId);
      const taken = services.containers.logShares.take(holderOf(person), [serverId]);
      const lines = followLogs(
        link,
        {
          ...streams,
          id: containerId,
          tail: tail ?? null,
          sinceMs: since?.getTime() ?? null,
          untilMs: until?.getTime() ?? null,
        },
        { actor: person.user.id, signal, ...(socket ? { socket } : {}) },
      );
      return whileRead(lines, taken, signal);
    },
    resolve: (batch) => batch,
  }),
}));
