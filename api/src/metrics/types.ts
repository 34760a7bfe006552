import { builder } from '../builder.ts';
import { diskPercentOf } from './sample.ts';
import type { FleetBatch, Measured, Point, Sample, Series, ServerNumbers, Sparkline } from './service.ts';

const Mount = builder.objectRef<Sample['mounts'][number]>('MountUsage').implement({
  access: 'inherited',
  description: 'How full a mounted file system is.',
  fields: (t) => ({
    availableBytes: t.expose('availableBytes', {
      type: 'SafeInt',
      description: 'What an unprivileged process can still write, as df shows it.',
    }),
    device: t.exposeString('device', { description: 'What is mounted.' }),
    fsType: t.exposeString('fsType', { description: 'The kind of file system, such as ext4.' }),
    path: t.exposeString('path', { description: 'Where it is mounted.' }),
    totalBytes: t.expose('totalBytes', { type: 'SafeInt', description: 'Its size.' }),
    usedBytes: t.expose('usedBytes', {
      type: 'SafeInt',
      description: 'What is taken; with `availableBytes` less than the size where blocks are kept for root.',
    }),
  }),
});

const Disk = builder.objectRef<Sample['disks'][number]>('DiskRate').implement({
  access: 'inherited',
  description: 'What one disk did since the sample before, as means.',
  fields: (t) => ({
    name: t.exposeString('name', { description: "The kernel's name, such as nvme0n1." }),
    readBytesPerSecond: t.exposeFloat('readBytesPerSecond', { description: 'Read.' }),
    writeBytesPerSecond: t.exposeFloat('writeBytesPerSecond', { description: 'Written.' }),
  }),
});

const Network = builder.objectRef<Sample['networks'][number]>('NetworkRate').implement({
  access: 'inherited',
  description: 'What went over one network interface since the sample before, as means.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The interface, such as eth0.' }),
    receivedBytesPerSecond: t.exposeFloat('receivedBytesPerSecond', { description: 'Received.' }),
    sentBytesPerSecond: t.exposeFloat('sentBytesPerSecond', { description: 'Sent.' }),
  }),
});

const TemperatureType = builder.objectRef<Sample['temperatures'][number]>('Temperature').implement({
  access: 'inherited',
  description: 'What one sensor reads.',
  fields: (t) => ({
    celsius: t.exposeFloat('celsius', { description: 'Degrees Celsius.' }),
    label: t.exposeString('label', { description: 'What the sensor is called.' }),
  }),
});

export const MetricSample = builder.objectRef<Measured>('MetricSample').implement({
  access: 'inherited',
  description: 'What one look at a machine saw. Percentages run from 0 to 100.',
  fields: (t) => ({
    at: t.field({
      type: 'DateTime',
      description: 'When it was measured.',
      resolve: ({ at }) => new Date(at),
    }),
    containersRunning: t.int({
      nullable: true,
      description: 'Null without Docker.',
      resolve: ({ sample }) => sample.containersRunning,
    }),
    containersTotal: t.int({
      nullable: true,
      description: 'Running or not; null without Docker.',
      resolve: ({ sample }) => sample.containersTotal,
    }),
    cpuCores: t.floatList({
      description: 'Each core, 0 to 100; empty where the agent is told not to.',
      resolve: ({ sample }) => sample.cpuCores,
    }),
    cpuPercent: t.float({
      description: 'Of all cores together.',
      resolve: ({ sample }) => sample.cpuPercent,
    }),
    diskPercent: t.float({
      nullable: true,
      description: 'Of the fullest disk.',
      resolve: ({ sample }) => diskPercentOf(sample),
    }),
    disks: t.field({
      type: [Disk],
      description: "Each disk's traffic.",
      resolve: ({ sample }) => sample.disks,
    }),
    imagesTotal: t.int({
      nullable: true,
      description: 'Docker images; null without Docker.',
      resolve: ({ sample }) => sample.imagesTotal,
    }),
    load1: t.float({ description: 'Load average over 1 minute.', resolve: ({ sample }) => sample.load1 }),
    load15: t.float({ description: 'Load average over 15 minutes.', resolve: ({ sample }) => sample.load15 }),
    load5: t.float({ description: 'Load average over 5 minutes.', resolve: ({ sample }) => sample.load5 }),
    memoryTotalBytes: t.field({
      type: 'SafeInt',
      description: "The machine's memory.",
      resolve: ({ sample }) => sample.memoryTotalBytes,
    }),
    memoryUsedBytes: t.field({
      type: 'SafeInt',
      description: 'Total less what the kernel calls available.',
      resolve: ({ sample }) => sample.memoryUsedBytes,
    }),
    mounts: t.field({
      type: [Mount],
      description: 'Each mounted file system.',
      resolve: ({ sample }) => sample.mounts,
    }),
    networks: t.field({
      type: [Network],
      description: "Each network interface's traffic.",
      resolve: ({ sample }) => sample.networks,
    }),
    swapTotalBytes: t.field({
      type: 'SafeInt',
      description: "The machine's swap space.",
      resolve: ({ sample }) => sample.swapTotalBytes,
    }),
    swapUsedBytes: t.field({
      type: 'SafeInt',
      description: 'Swap space in use.',
      resolve: ({ sample }) => sample.swapUsedBytes,
    }),
    temperatures: t.field({
      type: [TemperatureType],
      description: 'Each sensor; empty where there is none.',
      resolve: ({ sample }) => sample.temperatures,
    }),
    uptimeSeconds: t.field({
      type: 'SafeInt',
      description: 'Seconds since the machine started.',
      resolve: ({ sample }) => sample.uptimeSeconds,
    }),
  }),
});

const MetricPoint = builder.objectRef<Point>('MetricPoint').implement({
  access: 'inherited',
  description: 'Means over one step, and the highest CPU and memory within it.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'Begin of the step.', resolve: ({ at }) => new Date(at) }),
    containersRunning: t.exposeFloat('containersRunning', {
      nullable: true,
      description: 'Running containers; null without Docker.',
    }),
    cpuPercent: t.exposeFloat('cpuPercent', { description: 'All cores together, 0 to 100.' }),
    cpuPercentMax: t.exposeFloat('cpuPercentMax', { description: 'The highest sample within the step.' }),
    diskPercent: t.exposeFloat('diskPercent', { nullable: true, description: 'The fullest disk, 0 to 100.' }),
    diskReadBytesPerSecond: t.exposeFloat('diskReadBytesPerSecond', {
      nullable: true,
      description: 'All disks together.',
    }),
    diskWriteBytesPerSecond: t.exposeFloat('diskWriteBytesPerSecond', {
      nullable: true,
      description: 'All disks together.',
    }),
    load1: t.exposeFloat('load1', { nullable: true, description: 'Load average over 1 minute.' }),
    memoryTotalBytes: t.expose('memoryTotalBytes', { type: 'SafeInt', description: "The machine's memory." }),
    memoryUsedBytes: t.expose('memoryUsedBytes', {
      type: 'SafeInt',
      description: 'Total less what the kernel calls available.',
    }),
    memoryUsedBytesMax: t.expose('memoryUsedBytesMax', {
      type: 'SafeInt',
      description: 'The highest sample within the step.',
    }),
    networkReceivedBytesPerSecond: t.exposeFloat('networkReceivedBytesPerSecond', {
      nullable: true,
      description: 'All interfaces together.',
    }),
    networkSentBytesPerSecond: t.exposeFloat('networkSentBytesPerSecond', {
      nullable: true,
      description: 'All interfaces together.',
    }),
    swapUsedBytes: t.expose('swapUsedBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Swap space in use.',
    }),
  }),
});

export const MetricSeries = builder.objectRef<Series>('MetricSeries').implement({
  access: 'inherited',
  description: 'History. A step without a sample has no point, so that a gap shows as one.',
  fields: (t) => ({
    points: t.field({
      type: [MetricPoint],
      description: 'The oldest first.',
      resolve: ({ points }) => points,
    }),
    stepSeconds: t.exposeFloat('stepSeconds', { description: 'Distance between two points.' }),
  }),
});

export const SparklineType = builder.objectRef<Sparkline>('Sparkline').implement({
  access: 'inherited',
  description: 'Columns of one length, oldest first; null where nothing was measured.',
  fields: (t) => ({
    cpuPercent: t.floatList({
      nullable: { list: false, items: true },
      description: 'All cores together, 0 to 100.',
      resolve: (line) => line.cpuPercent,
    }),
    diskPercent: t.floatList({
      nullable: { list: false, items: true },
      description: 'The fullest disk, 0 to 100.',
      resolve: (line) => line.diskPercent,
    }),
    from: t.field({
      type: 'DateTime',
      description: 'Begin of the first step.',
      resolve: ({ from }) => new Date(from),
    }),
    memoryPercent: t.floatList({
      nullable: { list: false, items: true },
      description: 'Memory in use, 0 to 100.',
      resolve: (line) => line.memoryPercent,
    }),
    stepSeconds: t.exposeInt('stepSeconds', { description: 'Distance between two values.' }),
  }),
});

export const ServerMetricsEvent = builder.objectRef<Measured>('ServerMetricsEvent').implement({
  access: 'system:metrics:read',
  on: ({ serverId }) => serverId,
  description: 'A sample as it came in.',
  fields: (t) => ({
    sample: t.field({
      type: MetricSample,
      description: 'What was measured.',
      resolve: (measured) => measured,
    }),
    serverId: t.exposeID('serverId'),
  }),
});

const FleetMetrics = builder.objectRef<ServerNumbers>('FleetMetrics').implement({
  access: 'system:metrics:read',
  on: ({ serverId }) => serverId,
  description: 'The numbers of a server that fit on a card.',
  fields: (t) => ({
    at: t.field({
      type: 'DateTime',
      description: 'When it was measured.',
      resolve: ({ at }) => new Date(at),
    }),
    containersRunning: t.exposeInt('containersRunning', {
      nullable: true,
      description: 'Null without Docker.',
    }),
    containersTotal: t.exposeInt('containersTotal', {
      nullable: true,
      description: 'Running or not; null without Docker.',
    }),
    cpuPercent: t.exposeFloat('cpuPercent', { description: 'All cores together, 0 to 100.' }),
    diskPercent: t.exposeFloat('diskPercent', {
      nullable: true,
      description: 'The fullest disk, 0 to 100; null where there is none.',
    }),
    memoryPercent: t.exposeFloat('memoryPercent', { description: 'Memory in use, 0 to 100.' }),
    serverId: t.exposeID('serverId'),
  }),
});

export const FleetMetricsBatch = builder.objectRef<FleetBatch>('FleetMetricsBatch').implement({
  access: 'inherited',
  description: 'The numbers of several servers at once.',
  fields: (t) => ({
    items: t.field({
      type: [FleetMetrics],
      description: 'One entry for each server.',
      resolve: ({ items }) => items,
    }),
  }),
});
