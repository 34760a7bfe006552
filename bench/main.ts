/**
 * Measures what the project promises of its speed and size: `npm run bench`, or `npm run bench -- name` for one file. Ends with 1 when
 * a limit is missed that bench/known-misses.json does not list with its number and cause.
 */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { agentFootprint } from './agent-footprint.ts';
import { fanOut } from './fan-out.ts';
import { metricsHistory } from './metrics-history.ts';
import { metricsIngest } from './metrics-ingest.ts';
import { missed, type Bench, type Measurement } from './measurement.ts';
import { roundTrip } from './round-trip.ts';

const all: readonly Bench[] = [agentFootprint, roundTrip, fanOut, metricsIngest, metricsHistory];
const only = process.argv.slice(2);

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
  results.push(...(await bench.measure()));
}

console.log(
  `\n${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
console.log('| what | measured | budget | against | |\n|---|---|---|---|---|');
let unexplained = 0;
for (const result of results) {
  const { what, value, unit, atMost, atLeast, baseline = '' } = result;
  const budget =
    atMost !== undefined ? `≤ ${atMost} ${unit}` : atLeast !== undefined ? `≥ ${atLeast} ${unit}` : '';
  const miss = missed(result);
  const cause = known[what];
  if (miss && !cause) unexplained += 1;
  const verdict = budget === '' ? '' : !miss ? 'met' : cause ? `missed: ${cause.cause}` : 'MISSED';
  console.log(`| ${what} | ${rounded(value)} ${unit} | ${budget} | ${baseline} | ${verdict} |`);
}
process.exit(unexplained > 0 ? 1 : 0);

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(2);
}
