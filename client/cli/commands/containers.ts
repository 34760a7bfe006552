import { allContainers, type ContainerState } from '../../src/node.ts';
import { flag, list, type Command } from '../command.ts';
import { bytes, percent, type Tone } from '../output.ts';
import { serverIds, type FleetContainer } from '../targets.ts';

const tones: Readonly<Partial<Record<ContainerState, Tone>>> = {
  RUNNING: 'good',
  PAUSED: 'warning',
  RESTARTING: 'critical',
  DEAD: 'critical',
};

export const containers: Command = {
  usage: 'containers [--server NAME]… [--label KEY[=VALUE]]… [--all]',
  summary: 'list running containers, or all of them',
  options: {
    server: { type: 'string', multiple: true },
    label: { type: 'string', multiple: true },
    all: { type: 'boolean', short: 'a' },
  },
  async run(run) {
    const { output, signal } = run;
    const client = run.client();
    const where = list(run, 'server');
    const filter = {
      labels: list(run, 'label'),
      ...(where.length > 0 && { serverIds: await serverIds(client, where) }),
      ...(!flag(run, 'all') && { states: ['RUNNING', 'PAUSED', 'RESTARTING'] as const }),
    };
    const rows = [];
    for await (const container of allContainers(client, { filter }, { signal })) {
      if (output.json) await output.object(container);
      else rows.push(row(container));
    }
    const head = ['SERVER', 'NAME', 'STATE', 'HEALTH', 'CPU', 'MEMORY', 'IMAGE', 'STATUS'];
    if (!output.json) await output.write(output.table(head, rows));
  },
};

function row({ server, name, state, health, cpuPercent, memoryBytes, image, status }: FleetContainer) {
  return [
    { text: server.name },
    { text: name },
    { text: state.toLowerCase(), tone: tones[state] },
    { text: health?.toLowerCase() ?? '–', tone: health === 'UNHEALTHY' ? ('critical' as const) : undefined },
    { text: percent(cpuPercent) },
    { text: bytes(memoryBytes) },
    { text: image },
    { text: status },
  ];
}
