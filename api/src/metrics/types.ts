import { builder } from '../builder.ts';
import { diskPercentOf } from './sample.ts';
import type { FleetBatch, Measured, Point, Sample, Series, ServerNumbers, Sparkline } from './service.ts';

const Mount = builder.objectRef<Sample['mounts'][number]>('MountUsage').implement({
  access: 'inherited',
  fields: (t) => ({
    availableBytes: t.expose('availableBytes', { type: 'SafeInt' }),
    device: t.exposeString('device'),
    fsType: t.exposeString('fsType'),
    path: t.exposeString('path'),
    totalBytes: t.expose('totalBytes', { type: 'SafeInt' }),
    usedBytes: t.expose('usedBytes', { type: 'SafeInt' }),
  }),
});

const Disk = builder.objectRef<Sample['disks'][number]>('DiskRate').implement({
  access: 'inherited',
  fields: (t) => ({
    name: t.exposeString('name'),
    readBytesPerSecond: t.exposeFloat('readBytesPerSecond'),
    writeBytesPerSecond: t.exposeFloat('writeBytesPerSecond'),
  }),
});

const Network = builder.objectRef<Sample['networks'][number]>('NetworkRate').implement({
  access: 'inherited',
  fields: (t) => ({
    name: t.exposeString('name'),
    receivedBytesPerSecond: t.exposeFloat('receivedBytesPerSecond'),
    sentBytesPerSecond: t.exposeFloat('sentBytesPerSecond'),
  }),
});

const TemperatureType = builder.objectRef<Sample['temperatures'][number]>('Temperature').implement({
  access: 'inherited',
  fields: (t) => ({ celsius: t.exposeFloat('celsius'), label: t.exposeString('label') }),
});

export const MetricSample = builder.objectRef<Measured>('MetricSample').implement({
  access: 'inherited',
  description: 'What one look at a machine saw. Percentages run from 0 to 100.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: ({ at }) => new Date(at) }),
    containersRunning: t.int({
      nullable: true,
      description: 'Null without Docker.',
      resolve: ({ sample }) => sample.containersRunning,
    }),
    containersTotal: t.int({ nullable: true, resolve: ({ sample }) => sample.containersTotal }),
    cpuCores: t.floatList({ resolve: ({ sample }) => sample.cpuCores }),
    cpuPercent: t.float({
      description: 'Of all cores together.',
      resolve: ({ sample }) => sample.cpuPercent,
    }),
    diskPercent: t.float({
      nullable: true,
      description: 'Of the fullest disk.',
      resolve: ({ sample }) => diskPercentOf(sample),
    }),
    disks: t.field({ type: [Disk], resolve: ({ sample }) => sample.disks }),
    imagesTotal: t.int({ nullable: true, resolve: ({ sample }) => sample.imagesTotal }),
    load1: t.float({ resolve: ({ sample }) => sample.load1 }),
    load15: t.float({ resolve: ({ sample }) => sample.load15 }),
    load5: t.float({ resolve: ({ sample }) => sample.load5 }),
    memoryTotalBytes: t.field({ type: 'SafeInt', resolve: ({ sample }) => sample.memoryTotalBytes }),
    memoryUsedBytes: t.field({
      type: 'SafeInt',
      description: 'Total less what the kernel calls available.',
      resolve: ({ sample }) => sample.memoryUsedBytes,
    }),
    mounts: t.field({ type: [Mount], resolve: ({ sample }) => sample.mounts }),
    networks: t.field({ type: [Network], resolve: ({ sample }) => sample.networks }),
    swapTotalBytes: t.field({ type: 'SafeInt', resolve: ({ sample }) => sample.swapTotalBytes }),
    swapUsedBytes: t.field({ type: 'SafeInt', resolve: ({ sample }) => sample.swapUsedBytes }),
    temperatures: t.field({ type: [TemperatureType], resolve: ({ sample }) => sample.temperatures }),
    uptimeSeconds: t.field({ type: 'SafeInt', resolve: ({ sample }) => sample.uptimeSeconds }),
  }),
});

const MetricPoint = builder.objectRef<Point>('MetricPoint').implement({
  access: 'inherited',
  description: 'Means over one step, and the highest CPU and memory within it.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'Begin of the step.', resolve: ({ at }) => new Date(at) }),
    containersRunning: t.exposeFloat('containersRunning', { nullable: true }),
    cpuPercent: t.exposeFloat('cpuPercent'),
    cpuPercentMax: t.exposeFloat('cpuPercentMax'),
    diskPercent: t.exposeFloat('diskPercent', { nullable: true }),
    diskReadBytesPerSecond: t.exposeFloat('diskReadBytesPerSecond', { nullable: true }),
    diskWriteBytesPerSecond: t.exposeFloat('diskWriteBytesPerSecond', { nullable: true }),
    load1: t.exposeFloat('load1', { nullable: true }),
    memoryTotalBytes: t.expose('memoryTotalBytes', { type: 'SafeInt' }),
    memoryUsedBytes: t.expose('memoryUsedBytes', { type: 'SafeInt' }),
    memoryUsedBytesMax: t.expose('memoryUsedBytesMax', { type: 'SafeInt' }),
    networkReceivedBytesPerSecond: t.exposeFloat('networkReceivedBytesPerSecond', { nullable: true }),
    networkSentBytesPerSecond: t.exposeFloat('networkSentBytesPerSecond', { nullable: true }),
    swapUsedBytes: t.expose('swapUsedBytes', { type: 'SafeInt', nullable: true }),
  }),
});

export const MetricSeries = builder.objectRef<Series>('MetricSeries').implement({
  access: 'inherited',
  description: 'History. A step without a sample has no point, so that a gap shows as one.',
  fields: (t) => ({
    points: t.field({ type: [MetricPoint], resolve: ({ points }) => points }),
    stepSeconds: t.exposeFloat('stepSeconds', { description: 'Distance between two points.' }),
  }),
});

export const SparklineType = builder.objectRef<Sparkline>('Sparkline').implement({
  access: 'inherited',
  description: 'Columns of one length, oldest first; null where nothing was measured.',
  fields: (t) => ({
    cpuPercent: t.floatList({ nullable: { list: false, items: true }, resolve: (line) => line.cpuPercent }),
    diskPercent: t.floatList({ nullable: { list: false, items: true }, resolve: (line) => line.diskPercent }),
    from: t.field({ type: 'DateTime', resolve: ({ from }) => new Date(from) }),
    memoryPercent: t.floatList({
      nullable: { list: false, items: true },
      resolve: (line) => line.memoryPercent,
    }),
    stepSeconds: t.exposeInt('stepSeconds'),
  }),
});

export const ServerMetricsEvent = builder.objectRef<Measured>('ServerMetricsEvent').implement({
  access: 'inherited',
  fields: (t) => ({
    sample: t.field({ type: MetricSample, resolve: (measured) => measured }),
    serverId: t.exposeID('serverId'),
  }),
});

const FleetMetrics = builder.objectRef<ServerNumbers>('FleetMetrics').implement({
  access: 'inherited',
  description: 'The numbers of a server that fit on a card.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', resolve: ({ at }) => new Date(at) }),
    containersRunning: t.exposeInt('containersRunning', { nullable: true }),
    containersTotal: t.exposeInt('containersTotal', { nullable: true }),
    cpuPercent: t.exposeFloat('cpuPercent'),
    diskPercent: t.exposeFloat('diskPercent', { nullable: true }),
    memoryPercent: t.exposeFloat('memoryPercent'),
    serverId: t.exposeID('serverId'),
  }),
});

export const FleetMetricsBatch = builder.objectRef<FleetBatch>('FleetMetricsBatch').implement({
  access: 'inherited',
  fields: (t) => ({ items: t.field({ type: [FleetMetrics], resolve: ({ items }) => items }) }),
});
