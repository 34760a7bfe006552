/**
 * Measures what the project promises of its speed and size: `npm run bench`, or `npm run bench -- name` for one file. Ends with 1 when
 * a limit is missed that bench/known-misses.json does not list with its number and cause. With --write the table becomes
 * bench/RESULTS.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { agentFootprint } from './agent-footprint.ts';
import { containers } from './containers.ts';
import { fanOut } from './fan-out.ts';
import { fleetLoad } from './fleet-load.ts';
import { listQuery } from './list-query.ts';
import { logDownload } from './log-download.ts';
import { logStream } from './log-stream.ts';
import { metricsHistory } from './metrics-history.ts';
import { metricsIngest } from './metrics-ingest.ts';
import { mergedLogs } from './merged-logs.ts';
import { missed, type Bench, type Measurement } from './measurement.ts';
import { roundTrip } from './round-trip.ts';
import { terminals } from './terminals.ts';
import { web } from './web.ts';

const all: readonly Bench[] = [
  agentFootprint,
  roundTrip,
  listQuery,
  logStream,
  logDownload,
  mergedLogs,
  terminals,
  fanOut,
  metricsIngest,
  metricsHistory,
  fleetLoad,
  web,
  containers,
];
const write = process.argv.includes('--write');
const only = process.argv.slice(2).filter((word) => word !== '--write');

interface KnownMiss {
  readonly measured: string;
  readonly cause: string;
}
const parseMisses: (text: string) => Readonly<Record<string, KnownMiss>> = JSON.parse;
const known = parseMisses(readFileSync(new URL('known-misses.json', import.meta.url), 'utf8'));

const results: Measurement[] = [];
for (const bench of all) {
  if (only.length > 0 && !only.includes(bench.name)) continue;
  console.error(`measuring ${bench.name} …`);
  const found = await bench.measure();
  for (const { what, value, unit } of found) console.error(`  ${what}: ${rounded(value)} ${unit}`);
  results.push(...found);
}

const [cpu] = cpus();
const machine = `${cpus().length} × ${cpu?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const table = [
  '| what | measured | budget | against | |',
  '|---|---|---|---|---|',
  ...results.map((result) => {
    const { what, value, unit, baseline = '' } = result;
    return `| ${what} | ${rounded(value)} ${unit} | ${budgetOf(result)} | ${baseline} | ${verdictOf(result)} |`;
  }),
].join('\n');
console.log(`\n${machine}\n\n${table}`);
if (write) {
  const day = new Date().toISOString().slice(0, 10);
  const title = `# Measured\n\nBy \`npm run bench -- --write\` on ${day}: ${machine}.`;
  writeFileSync(new URL('RESULTS.md', import.meta.url), `${title}\n\n${table}\n`);
}
process.exit(results.some((result) => missed(result) && !known[result.what]) ? 1 : 0);

function budgetOf({ unit, atMost, atLeast }: Measurement): string {
  if (atMost !== undefined) return `≤ ${atMost} ${unit}`;
  return atLeast === undefined ? '' : `≥ ${atLeast} ${unit}`;
}

function verdictOf(result: Measurement): string {
  if (budgetOf(result) === '') return '';
  if (!missed(result)) return 'met';
  const cause = known[result.what]?.cause;
  return cause === undefined ? 'MISSED' : `missed: ${cause}`;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(2);
}
