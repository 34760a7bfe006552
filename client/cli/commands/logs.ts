import { logBatches, type LogLine } from '../../src/node.ts';
import { flag, text, type Command, type Run } from '../command.ts';
import { usage } from '../failure.ts';
import { findContainers } from '../targets.ts';
import { printMerged } from './merged-logs.ts';

/** Seconds in the units that `--since 10m` knows. */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export const logs: Command = {
  usage: 'logs [-f] [--tail N] [--since TIME] CONTAINER…',
  summary: 'print the log of a container, or of several as one, and follow it',
  help: `--since takes an instant (2026-01-31T12:00:00Z) or how long ago (90s, 10m, 2h, 1d). With -f it goes on when the connection
or the server was away for a while, without losing or repeating a line. The logs of several containers, up to 16 and on any
servers, run into one in the order of time.`,
  options: {
    follow: { type: 'boolean', short: 'f' },
    tail: { type: 'string', short: 'n' },
    since: { type: 'string' },
    timestamps: { type: 'boolean', short: 't' },
    server: { type: 'string' },
  },
  async run(run) {
    if (run.positionals.length === 0) throw usage(`Write: serverkit ${this.usage}.`);
    const tail = text(run, 'tail');
    if (tail !== undefined && !/^\d{1,7}$/.test(tail)) throw usage('--tail takes a number of lines.');
    const since = text(run, 'since');
    const range = {
      follow: flag(run, 'follow'),
      ...(tail !== undefined && { tail: Number(tail) }),
      ...(since !== undefined && { since: instantOf(since) }),
    };
    const client = run.client();
    const found = await findContainers(client, run.positionals, text(run, 'server'));
    const containers = [...new Map(found.map((one) => [`${one.server.id} ${one.id}`, one])).values()];
    const [only, second] = containers;
    if (!only) return;
    if (second) {
      await printMerged(run, client, containers, range);
      return;
    }
    const request = { ...range, serverId: only.server.id, containerId: only.id };
    const batches = logBatches(client, request, {
      signal: run.signal,
      onInterruption: ({ message }) => run.tell(`${message} Waiting for it to come back.`),
    });
    for await (const lines of batches) await print(run, lines);
  },
};

/** As RFC 3339. @throws Failure for what is neither an instant nor a time span */
export function instantOf(given: string, now = Date.now()): string {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(given) ?? [];
  const ms = count === undefined ? Date.parse(given) : now - Number(count) * (units[unit] ?? 0) * 1_000;
  if (Number.isNaN(ms))
    throw usage('--since takes an instant such as 2026-01-31T12:00:00Z, or how long ago: 90s, 10m, 2h, 1d.');
  return new Date(ms).toISOString();
}

async function print({ output, values }: Run, lines: readonly LogLine[]): Promise<void> {
  if (output.json) {
    await output.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return;
  }
  const stamped = values['timestamps'] === true;
  const shown = lines.map(
    ({ at, text: line, partial }) => `${stamped ? `${at} ` : ''}${output.clean(line)}${partial ? '' : '\n'}`,
  );
  await output.write(shown.join(''));
}
