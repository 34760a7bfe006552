import { BinaryArray, type ElementType } from './binary-array.ts';
import type { Shape } from './detail.ts';
import { diskPercentOf, sumOf, type StoredSample } from './sample.ts';
import type { Placement } from './wall-clock.ts';

/** A sample on its way into the database. */
export interface Row {
  readonly serverNumber: number;
  /** The link it came by; once a newer link was accepted it is refused. */
  readonly linkEpoch: number;
  readonly sample: StoredSample;
  readonly placement: Placement;
  readonly shape: Shape;
  /** The lists of the sample, packed. */
  readonly detail: Buffer;
}

interface Column {
  readonly name: string;
  readonly type: ElementType;
  readonly write: (row: Row, to: BinaryArray) => void;
}

const int4 = (name: string, of: (row: Row) => number | null): Column => ({
  name,
  type: 'int4',
  write(row, to) {
    const value = of(row);
    if (value === null) to.null();
    else to.int4(value);
  },
});

const int8 = (name: string, of: (sample: StoredSample) => number): Column => ({
  name,
  type: 'int8',
  write: ({ sample }, to) => to.int8(of(sample)),
});

const float8 = (name: string, of: (sample: StoredSample) => number | null): Column => ({
  name,
  type: 'float8',
  write({ sample }, to) {
    const value = of(sample);
    if (value === null) to.null();
    else to.float8(value);
  },
});

/** The columns of metrics.samples. */
export const sampleColumns: readonly Column[] = [
  int4('server_number', (row) => row.serverNumber),
  { name: 'epoch', type: 'int8', write: ({ sample }, to) => to.halves(...halvesOf(sample.epoch)) },
  int4('seq', (row) => row.sample.seq),
  { name: 'at', type: 'timestamptz', write: ({ placement }, to) => to.timestamptz(placement.at) },
  {
    name: 'agent_ms',
    type: 'int8',
    write({ placement, sample }, to) {
      if (placement.absurd) to.int8(sample.at);
      else to.null();
    },
  },
  int8('monotonic_ms', (sample) => sample.monotonicMs),
  float8('cpu', (sample) => sample.cpuPercent),
  float8('load1', (sample) => sample.load1),
  float8('load5', (sample) => sample.load5),
  float8('load15', (sample) => sample.load15),
  int8('memory_total', (sample) => sample.memoryTotalBytes),
  int8('memory_used', (sample) => sample.memoryUsedBytes),
  int8('swap_total', (sample) => sample.swapTotalBytes),
  int8('swap_used', (sample) => sample.swapUsedBytes),
  int8('uptime_seconds', (sample) => sample.uptimeSeconds),
  float8('disk_percent', diskPercentOf),
  float8('network_received', ({ networks }) => sumOf(networks, (network) => network.receivedBytesPerSecond)),
  float8('network_sent', ({ networks }) => sumOf(networks, (network) => network.sentBytesPerSecond)),
  float8('disk_read', ({ disks }) => sumOf(disks, (disk) => disk.readBytesPerSecond)),
  float8('disk_written', ({ disks }) => sumOf(disks, (disk) => disk.writeBytesPerSecond)),
  int4('containers_total', (row) => row.sample.containersTotal),
  int4('containers_running', (row) => row.sample.containersRunning),
  int4('images_total', (row) => row.sample.imagesTotal),
  { name: 'shape', type: 'int8', write: ({ shape }, to) => to.halves(...halvesOf(shape.hash)) },
  { name: 'detail', type: 'bytea', write: ({ detail }, to) => to.bytea(detail) },
];

/** All that goes into the statement, in the order of its parameters; the last travels with a row and is not stored. */
export const incomingColumns: readonly Column[] = [
  ...sampleColumns,
  int4('link_epoch', (row) => row.linkEpoch),
];

/**
 * Rows as one array for each column, written as they arrive: of a row that waits nothing is kept but some 400 bytes.
 */
export class Columns {
  readonly #arrays = incomingColumns.map(({ type }) => new BinaryArray(type));
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    for (let index = 0; index < incomingColumns.length; index++) {
      const array = this.#arrays[index];
      if (array) incomingColumns[index]?.write(row, array);
    }
    this.#rows += 1;
  }

  /** One parameter for each of {@link incomingColumns}, of all rows or of the one at an index. */
  parameters(row?: number): Buffer[] {
    return this.#arrays.map((array) => array.finish(row));
  }
}

/** 16 hexadecimal digits as two numbers of 32 bits. */
function halvesOf(hex: string): [number, number] {
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8), 16)];
}

/** 16 hexadecimal digits as PostgreSQL reads a bigint. */
export function bigintOf(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}

/** The other way round. */
export function hexOf(bigint: string): string {
  return BigInt.asUintN(64, BigInt(bigint)).toString(16).padStart(16, '0');
}
