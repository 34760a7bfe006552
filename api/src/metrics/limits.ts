import { ServerKitError } from '../errors.ts';
import type { Sample, SampleBatch, StoredSample } from './sample.ts';

/** What an agent may say at most. Beyond it, it is broken or hostile, and its stream is ended. */
const most = {
  samplesPerBatch: 1_000,
  cores: 2_048,
  mounts: 512,
  disks: 512,
  networks: 1_024,
  temperatures: 512,
  /** PATH_MAX of Linux. */
  text: 4_096,
  int: 2 ** 31 - 1,
  /** Bytes per second; the float is exact far beyond any wire. */
  rate: 2 ** 53,
  load: 1e6,
  celsius: 10_000,
} as const;

const absoluteZero = -273.15;

/**
 * Checks the numbers of a batch; that everything has the type the contract says was checked by the link.
 * @throws ServerKitError AGENT_PROTOCOL_ERROR
 */
export function checkBatch({ epoch, monotonicMs, samples }: SampleBatch): readonly StoredSample[] {
  if (samples.length > most.samplesPerBatch) throw refuse('samples', 'too long a list');
  checkEpoch(epoch);
  atLeastZero('monotonicMs', monotonicMs);
  if (!samples.every(hasPlace)) throw refuse('epoch', 'absent from a sample that is to be stored');
  for (const sample of samples) {
    checkEpoch(sample.epoch);
    if (sample.seq < 0) throw refuse('seq', 'negative');
    checkSample(sample);
  }
  return samples;
}

type BatchSample = SampleBatch['samples'][number];

function hasPlace(sample: BatchSample): sample is BatchSample & StoredSample {
  return sample.epoch !== null && sample.seq !== null;
}

/** @throws ServerKitError AGENT_PROTOCOL_ERROR */
export function checkSample(sample: Sample): void {
  atLeastZero('at', sample.at);
  atLeastZero('monotonicMs', sample.monotonicMs);
  between('cpuPercent', sample.cpuPercent, 0, 100);
  short('cpuCores', sample.cpuCores, most.cores);
  for (const core of sample.cpuCores) between('cpuCores', core, 0, 100);
  between('load1', sample.load1, 0, most.load);
  between('load5', sample.load5, 0, most.load);
  between('load15', sample.load15, 0, most.load);
  atLeastZero('memoryTotalBytes', sample.memoryTotalBytes);
  atLeastZero('memoryUsedBytes', sample.memoryUsedBytes);
  atLeastZero('swapTotalBytes', sample.swapTotalBytes);
  atLeastZero('swapUsedBytes', sample.swapUsedBytes);
  atLeastZero('uptimeSeconds', sample.uptimeSeconds);
  short('mounts', sample.mounts, most.mounts);
  for (const { path, device, fsType, totalBytes, usedBytes, availableBytes } of sample.mounts) {
    text('mounts', path);
    text('mounts', device);
    text('mounts', fsType);
    atLeastZero('mounts', totalBytes);
    atLeastZero('mounts', usedBytes);
    atLeastZero('mounts', availableBytes);
  }
  short('disks', sample.disks, most.disks);
  for (const { name, readBytesPerSecond, writeBytesPerSecond } of sample.disks) {
    text('disks', name);
    between('disks', readBytesPerSecond, 0, most.rate);
    between('disks', writeBytesPerSecond, 0, most.rate);
  }
  short('networks', sample.networks, most.networks);
  for (const { name, receivedBytesPerSecond, sentBytesPerSecond } of sample.networks) {
    text('networks', name);
    between('networks', receivedBytesPerSecond, 0, most.rate);
    between('networks', sentBytesPerSecond, 0, most.rate);
  }
  short('temperatures', sample.temperatures, most.temperatures);
  for (const { label, celsius } of sample.temperatures) {
    text('temperatures', label);
    between('temperatures', celsius, absoluteZero, most.celsius);
  }
  count('containersTotal', sample.containersTotal);
  count('containersRunning', sample.containersRunning);
  count('imagesTotal', sample.imagesTotal);
}

const epochPattern = /^[0-9a-f]{16}$/;

function checkEpoch(epoch: string): void {
  if (!epochPattern.test(epoch)) throw refuse('epoch', 'not 16 hexadecimal digits');
}

function between(field: string, value: number, low: number, high: number): void {
  // Written so that NaN fails as well.
  if (!(value >= low && value <= high)) throw refuse(field, `not between ${low} and ${high}`);
}

function atLeastZero(field: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw refuse(field, 'not a whole number of 0 or more');
}

function count(field: string, value: number | null): void {
  if (value !== null && !(Number.isSafeInteger(value) && value >= 0 && value <= most.int)) {
    throw refuse(field, 'not a count');
  }
}

function short(field: string, list: readonly unknown[], length: number): void {
  if (list.length > length) throw refuse(field, 'too long a list');
}

function text(field: string, value: string): void {
  if (value.length > most.text) throw refuse(field, 'too long a text');
}

function refuse(field: string, complaint: string): ServerKitError {
  return new ServerKitError(
    'AGENT_PROTOCOL_ERROR',
    `The agent sent metrics that make no sense: ${field} is ${complaint}.`,
  );
}
