import { builder } from '../builder.ts';
import type {
  DiskRate,
  Measurement,
  MountUsage,
  NetworkRate,
  SampleCursor,
  StoredSample,
  Temperature,
} from './sample.ts';

/** A live measurement has no place in the ring, a stored one has. */
export type AnySample = Measurement | StoredSample;

const Mount = builder.objectRef<MountUsage>('MountUsage').implement({
  description: 'One mounted file system; bind mounts and what containers mount are left out.',
  fields: (t) => ({
    path: t.exposeString('path'),
    device: t.exposeString('device'),
    fsType: t.exposeString('fsType'),
    totalBytes: t.expose('totalBytes', { type: 'SafeInt' }),
    usedBytes: t.expose('usedBytes', { type: 'SafeInt' }),
    availableBytes: t.expose('availableBytes', {
      type: 'SafeInt',
      description: 'What an unprivileged process can still write, as df shows it.',
    }),
  }),
});

const Disk = builder.objectRef<DiskRate>('DiskRate').implement({
  description: 'One whole disk, mean since the sample before.',
  fields: (t) => ({
    name: t.exposeString('name'),
    readBytesPerSecond: t.exposeFloat('readBytesPerSecond'),
    writeBytesPerSecond: t.exposeFloat('writeBytesPerSecond'),
  }),
});

const Network = builder.objectRef<NetworkRate>('NetworkRate').implement({
  description: "One of the host's own network interfaces, mean since the sample before.",
  fields: (t) => ({
    name: t.exposeString('name'),
    receivedBytesPerSecond: t.exposeFloat('receivedBytesPerSecond'),
    sentBytesPerSecond: t.exposeFloat('sentBytesPerSecond'),
  }),
});

const Sensor = builder.objectRef<Temperature>('Temperature').implement({
  fields: (t) => ({ label: t.exposeString('label'), celsius: t.exposeFloat('celsius') }),
});

/** One measurement of the host. */
export const SampleType = builder.objectRef<AnySample>('Sample').implement({
  description: 'What the host measured at one moment. Numbers that are not whole have at most two decimals.',
  fields: (t) => ({
    epoch: t.string({
      nullable: true,
      description:
        '16 hex digits, random per start of the agent; null for live samples, which are never stored.',
      resolve: (sample) => ('epoch' in sample ? sample.epoch : null),
    }),
    seq: t.int({
      nullable: true,
      description: 'Counts from 0 within the epoch; null for live samples.',
      resolve: (sample) => ('seq' in sample ? sample.seq : null),
    }),
    at: t.expose('at', { type: 'SafeInt', description: 'Wall clock, ms since 1970.' }),
    monotonicMs: t.expose('monotonicMs', {
      type: 'SafeInt',
      description: 'Monotonic clock; comparable within one epoch only.',
    }),
    cpuPercent: t.exposeFloat('cpuPercent', {
      description:
        '0–100 % of all cores, mean since the sample before. Busy is all but idle and waiting for disks.',
    }),
    cpuCores: t.exposeFloatList('cpuCores', { description: '0–100 % each.' }),
    load1: t.exposeFloat('load1'),
    load5: t.exposeFloat('load5'),
    load15: t.exposeFloat('load15'),
    memoryTotalBytes: t.expose('memoryTotalBytes', { type: 'SafeInt' }),
    memoryUsedBytes: t.expose('memoryUsedBytes', {
      type: 'SafeInt',
      description: 'Total less what is available: cache that can be dropped is not used.',
    }),
    swapTotalBytes: t.expose('swapTotalBytes', { type: 'SafeInt' }),
    swapUsedBytes: t.expose('swapUsedBytes', { type: 'SafeInt' }),
    uptimeSeconds: t.expose('uptimeSeconds', { type: 'SafeInt' }),
    mounts: t.expose('mounts', { type: [Mount] }),
    disks: t.expose('disks', { type: [Disk] }),
    networks: t.expose('networks', { type: [Network] }),
    temperatures: t.expose('temperatures', { type: [Sensor] }),
    containersTotal: t.exposeInt('containersTotal', { nullable: true, description: 'Null without Docker.' }),
    containersRunning: t.exposeInt('containersRunning', { nullable: true }),
    imagesTotal: t.exposeInt('imagesTotal', { nullable: true }),
  }),
});

/** Stored samples, in order, and the clock they are measured by: what tells a wall clock that is off. */
interface Batch {
  readonly epoch: string;
  readonly monotonicMs: number;
  readonly samples: readonly StoredSample[];
}

export const SampleBatch = builder.objectRef<Batch>('SampleBatch').implement({
  fields: (t) => ({
    epoch: t.exposeString('epoch', { description: 'The epoch this agent runs in now.' }),
    monotonicMs: t.expose('monotonicMs', {
      type: 'SafeInt',
      description: 'Its monotonic clock when the batch was sent, so that the age of a sample can be told.',
    }),
    samples: t.expose('samples', {
      type: [SampleType],
      description: 'In order, at most 120; epoch and seq are set.',
    }),
  }),
});

/** Where the control plane stands. */
export const SampleCursorInput = builder.inputRef<SampleCursor>('SampleCursor').implement({
  description: 'The last sample that was stored.',
  fields: (t) => ({ epoch: t.string({ required: true }), seq: t.int({ required: true }) }),
});
