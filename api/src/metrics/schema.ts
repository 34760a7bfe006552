import * as z from 'zod';
import { seenOf, seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { ServerType } from '../servers/server-type.ts';
import { loadersOf } from './loaders.ts';
import { fleetNumbers, liveSamples, storedSamples } from './service.ts';
import { FleetMetricsBatch, MetricSample, MetricSeries, ServerMetricsEvent, SparklineType } from './types.ts';

/** Servers that one subscription may have measured every second. */
const mostWatched = 1_000;

const scope = 'system:metrics:read';
const serverOf = ({ serverId }: { readonly serverId: string }): string => serverId;

builder.prismaObjectFields(ServerType, (t) => ({
  latestMetrics: t.field({
    type: MetricSample,
    nullable: true,
    access: 'system:metrics:read',
    on: ({ id }) => id,
    description: 'The newest sample, however old; null when there was none.',
    resolve: (server, _args, context) => loadersOf(context).latest.load(server),
  }),
  metrics: t.field({
    type: MetricSeries,
    access: 'system:metrics:read',
    on: ({ id }) => id,
    description: 'History in about as many points as asked for (2 to 2,000).',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'Begin of the time span.' }),
      points: t.arg.int({
        required: true,
        defaultValue: 300,
        description: 'About how many points to answer, 2 to 2,000.',
        validate: z.number().int().min(2, 'must be at least 2').max(2_000, 'must be at most 2,000'),
      }),
      to: t.arg({ type: 'DateTime', required: true, description: 'End of the time span.' }),
    },
    resolve: (server, { from, to, points }, { services }) =>
      services.metrics.series(server, { from: from.getTime(), to: to.getTime(), points }),
  }),
  sparkline: t.field({
    type: SparklineType,
    access: 'system:metrics:read',
    on: ({ id }) => id,
    description: 'The last fifteen minutes in thirty steps.',
    resolve: (server, _args, context) => loadersOf(context).sparkline.load(server),
  }),
}));

builder.subscriptionFields((t) => ({
  fleetMetrics: t.field({
    type: FleetMetricsBatch,
    access: 'system:metrics:read',
    on: each,
    overflow: 'skip',
    description:
      'The newest numbers of every server: first all of them, then those that changed, at most once a second. Scope: system:metrics:read.',
    snapshot: (_args, { services, principal: { rights } }) => [
      { items: seenOf(services.metrics.allNumbers(), seesWith(rights, scope), serverOf) },
    ],
    subscribe: (_root, _args, { services, signal, principal: { rights } }) => {
      const sees = seesWith(rights, scope);
      return services.topics.subscribe(fleetNumbers, {
        signal,
        ...(sees && { where: ({ items }) => items.some((one) => sees(one.serverId)) }),
      });
    },
    resolve: ({ items }, _args, { principal: { rights } }) => ({
      items: seenOf(items, seesWith(rights, scope), serverOf),
    }),
  }),
  serverMetrics: t.field({
    type: ServerMetricsEvent,
    access: 'system:metrics:read',
    on: (_root, { serverIds }) => (serverIds?.length ? serverIds : each),
    overflow: 'skip',
    description:
      'Samples of the named servers every second; of all servers, every ten seconds, when none is named. Scope: system:metrics:read.',
    args: {
      serverIds: t.arg.idList({
        description: 'At most 1,000 servers; all when absent or empty.',
        validate: z.array(z.string()).max(mostWatched, `must name at most ${mostWatched} servers`),
      }),
    },
    snapshot: ({ serverIds }, { services, principal: { rights } }) =>
      seenOf(serverIds ?? [], seesWith(rights, scope), (serverId) => serverId).flatMap(
        (serverId) => services.metrics.sample(serverId) ?? [],
      ),
    subscribe: (_root, { serverIds }, { services: { topics }, signal, principal: { rights } }) => {
      const sees = seesWith(rights, scope);
      if (serverIds?.length) {
        const channels = seenOf(serverIds, sees, (serverId) => serverId);
        return topics.subscribe(liveSamples, { channels, signal });
      }
      return topics.subscribe(storedSamples, {
        signal,
        ...(sees && { where: ({ serverId }) => sees(serverId) }),
      });
    },
    resolve: (measured) => measured,
  }),
}));
