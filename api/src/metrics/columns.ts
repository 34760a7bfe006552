import { packDetail, type Shape } from './detail.ts';
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
}

interface Column {
  readonly name: string;
  /** Element type of the array that carries it into the statement. */
  readonly type: string;
  readonly value: (row: Row) => number | string | null;
  /** What to store, where it is not the value itself. */
  readonly stored?: string;
}

const toTime = (name: string) => `to_timestamp(${name} / 1000.0)`;

/** The columns of metrics.samples. */
export const sampleColumns: readonly Column[] = [
  { name: 'server_number', type: 'int', value: (row) => row.serverNumber },
  { name: 'epoch', type: 'bigint', value: (row) => epochNumber(row.sample.epoch) },
  { name: 'seq', type: 'int', value: (row) => row.sample.seq },
  { name: 'at', type: 'bigint', value: (row) => row.placement.at, stored: toTime('at') },
  {
    name: 'agent_ms',
    type: 'bigint',
    value: (row) => (row.placement.absurd ? row.sample.at : null),
  },
  { name: 'monotonic_ms', type: 'bigint', value: (row) => row.sample.monotonicMs },
  { name: 'cpu', type: 'float8', value: (row) => row.sample.cpuPercent },
  { name: 'load1', type: 'float8', value: (row) => row.sample.load1 },
  { name: 'load5', type: 'float8', value: (row) => row.sample.load5 },
  { name: 'load15', type: 'float8', value: (row) => row.sample.load15 },
  { name: 'memory_total', type: 'bigint', value: (row) => row.sample.memoryTotalBytes },
  { name: 'memory_used', type: 'bigint', value: (row) => row.sample.memoryUsedBytes },
  { name: 'swap_total', type: 'bigint', value: (row) => row.sample.swapTotalBytes },
  { name: 'swap_used', type: 'bigint', value: (row) => row.sample.swapUsedBytes },
  { name: 'uptime_seconds', type: 'bigint', value: (row) => row.sample.uptimeSeconds },
  { name: 'disk_percent', type: 'float8', value: (row) => diskPercentOf(row.sample) },
  {
    name: 'network_received',
    type: 'float8',
    value: (row) => sumOf(row.sample.networks, (network) => network.receivedBytesPerSecond),
  },
  {
    name: 'network_sent',
    type: 'float8',
    value: (row) => sumOf(row.sample.networks, (network) => network.sentBytesPerSecond),
  },
  {
    name: 'disk_read',
    type: 'float8',
    value: (row) => sumOf(row.sample.disks, (disk) => disk.readBytesPerSecond),
  },
  {
    name: 'disk_written',
    type: 'float8',
    value: (row) => sumOf(row.sample.disks, (disk) => disk.writeBytesPerSecond),
  },
  { name: 'containers_total', type: 'int', value: (row) => row.sample.containersTotal },
  { name: 'containers_running', type: 'int', value: (row) => row.sample.containersRunning },
  { name: 'images_total', type: 'int', value: (row) => row.sample.imagesTotal },
  { name: 'shape', type: 'bigint', value: (row) => row.shape.hash },
  {
    name: 'detail',
    type: 'text',
    value: (row) => packDetail(row.sample).toString('hex') || '""',
    stored: `decode(detail, 'hex')`,
  },
];

/** What travels with a row but is not a column of it. */
const travelling: readonly Column[] = [{ name: 'link_epoch', type: 'int', value: (row) => row.linkEpoch }];

/** All that goes into the statement, in the order of its parameters. */
export const incomingColumns: readonly Column[] = [...sampleColumns, ...travelling];

/**
 * Rows as array literals, one text for each column: written as they arrive, so that of a waiting row little more than
 * its digits is kept. node-postgres would spend several times that on arrays of 500 × 25 values.
 */
export class Columns {
  readonly #texts: (number | string)[][] = incomingColumns.map(() => []);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    for (const [index, { value }] of incomingColumns.entries()) {
      this.#texts[index]?.push(value(row) ?? 'NULL');
    }
    this.#rows += 1;
  }

  /** One array literal for each of {@link incomingColumns}, of all rows or of one. */
  literals(row?: number): string[] {
    return this.#texts.map((values) => `{${row === undefined ? values.join(',') : values[row]}}`);
  }
}

/** The 16 hexadecimal digits of an epoch as PostgreSQL's bigint writes them. @throws SyntaxError on anything else */
export function epochNumber(epoch: string): string {
  return BigInt.asIntN(64, BigInt(`0x${epoch}`)).toString();
}

/** The other way round. */
export function epochText(number: string): string {
  return BigInt.asUintN(64, BigInt(number)).toString(16).padStart(16, '0');
}
