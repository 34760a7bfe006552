import { allServers, type ServerStatus } from '../../src/node.ts';
import { list, type Command } from '../command.ts';
import { usage } from '../failure.ts';
import { bytes, type Tone } from '../output.ts';

const tones: Readonly<Record<ServerStatus, Tone>> = {
  ONLINE: 'good',
  CONNECTING: 'warning',
  PENDING: 'warning',
  MAINTENANCE: 'warning',
  OFFLINE: 'critical',
  ERROR: 'critical',
};

const isStatus = (value: string): value is ServerStatus => value in tones;

export const servers: Command = {
  usage: 'servers [--status STATUS]… [--tag TAG]…',
  summary: 'list servers',
  options: { status: { type: 'string', multiple: true }, tag: { type: 'string', multiple: true } },
  async run(run) {
    const { output, signal } = run;
    const statuses = list(run, 'status').map((status) => status.toUpperCase());
    const strange = statuses.find((status) => !isStatus(status));
    if (strange !== undefined)
      throw usage(`${strange} is no status; there are: ${Object.keys(tones).join(', ')}.`);
    const filter = { statuses: statuses.filter(isStatus), tags: list(run, 'tag') };
    const rows = [];
    for await (const server of allServers(run.client(), { filter }, { signal })) {
      if (output.json) await output.object(server);
      else {
        const { name, status, facts, tags, agentVersion } = server;
        rows.push([
          { text: name },
          { text: status.toLowerCase(), tone: tones[status] },
          { text: facts ? `${facts.osName} ${facts.osVersion}` : '–' },
          { text: facts ? String(facts.cpuCount) : '–' },
          { text: bytes(facts?.memoryBytes ?? null) },
          { text: agentVersion ?? '–' },
          { text: tags.join(', ') },
        ]);
      }
    }
    if (!output.json)
      await output.write(output.table(['NAME', 'STATUS', 'SYSTEM', 'CPUS', 'MEMORY', 'AGENT', 'TAGS'], rows));
  },
};
