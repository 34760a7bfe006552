import { allServers, watchMetrics, type ServerSample } from '../../src/node.ts';
import { list, type Command } from '../command.ts';
import { bytes, percent, type Cell } from '../output.ts';
import { usage } from '../failure.ts';
import { serverIds } from '../targets.ts';

export const metrics: Command = {
  usage: 'metrics watch [--server NAME]…',
  summary: 'follow the load of servers: a live table, or a JSON object per sample',
  help: 'Named servers are measured every second, all of them every ten. Without a terminal it prints JSON.',
  options: { server: { type: 'string', multiple: true } },
  async run(run) {
    const { output, signal } = run;
    if (run.positionals[0] !== 'watch') throw usage(`Write: serverkit ${this.usage}.`);
    const client = run.client();
    const names = new Map<string, string>();
    for await (const { id, name } of allServers(client, {}, { signal })) names.set(id, name);
    const wanted = await serverIds(client, list(run, 'server'));
    const live = output.terminal && !output.json;
    const newest = new Map<string, ServerSample>();
    for await (const sample of watchMetrics(client, { serverIds: wanted }, { signal })) {
      const server = names.get(sample.serverId) ?? sample.serverId;
      if (!live) await output.object({ server, ...sample });
      else {
        newest.set(server, sample);
        // Home, the table, and nothing of what was below: no flicker, and no scrolled-away history.
        await output.write(
          `\u001B[H${output.table(head, rows(newest)).replaceAll('\n', '\u001B[K\n')}\u001B[J`,
        );
      }
    }
  },
};

const head = ['SERVER', 'CPU', 'LOAD', 'MEMORY', '', 'DISK', 'CONTAINERS', 'AT'];

function rows(newest: ReadonlyMap<string, ServerSample>): Cell[][] {
  return [...newest]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([server, { sample }]) => [
      { text: server },
      { text: percent(sample.cpuPercent), align: 'right' },
      { text: sample.load1.toFixed(2), align: 'right' },
      { text: bytes(sample.memoryUsedBytes), align: 'right' },
      { text: `of ${bytes(sample.memoryTotalBytes)}` },
      { text: percent(sample.diskPercent), align: 'right' },
      {
        text:
          sample.containersRunning === null
            ? '–'
            : `${sample.containersRunning}/${sample.containersTotal ?? '?'}`,
      },
      { text: sample.at.slice(11, 19) },
    ]);
}
