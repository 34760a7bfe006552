import {
  mergedLogBatches,
  type Client,
  type MergedLogLine,
  type MergedLogReport,
  type MergedLogRequest,
} from '../../src/node.ts';
import type { Run } from '../command.ts';
import { Failure } from '../failure.ts';
import type { FleetContainer } from '../targets.ts';

/** Prints the logs of several containers as one, each line after the name of its container. */
export async function printMerged(
  run: Run,
  client: Client,
  containers: readonly FleetContainer[],
  range: Omit<MergedLogRequest, 'sources'>,
): Promise<void> {
  const names = namesOf(containers);
  const broken = new Set<number>();
  const onReport = ({ source, state, error }: MergedLogReport): void => {
    if (state !== 'OFFLINE' && state !== 'FAILED') {
      broken.delete(source);
      return;
    }
    broken.add(source);
    const again = range.follow === true ? ' It goes on when it is back.' : '';
    run.tell(`${names[source] ?? ''}: ${error?.message ?? `its server is offline.${again}`}`);
  };
  const sources = containers.map(({ id, server }) => ({ serverId: server.id, containerId: id }));
  const write = run.output.json ? jsonWriter(containers) : textWriter(run, names);
  const batches = mergedLogBatches(client, { ...range, sources }, { signal: run.signal, onReport });
  for await (const lines of batches) await run.output.write(write(lines));
  if (broken.size > 0) throw new Failure('Not all of the logs could be read.');
}

/** With their servers, where they are on several or one name is there twice. */
function namesOf(containers: readonly FleetContainer[]): string[] {
  const onSeveral = new Set(containers.map(({ server }) => server.id)).size > 1;
  return containers.map(({ name, server }) => (onSeveral ? `${server.name}/${name}` : name));
}

function jsonWriter(containers: readonly FleetContainer[]) {
  return (lines: readonly MergedLogLine[]): string =>
    lines
      .map(({ source, ...line }) => {
        const { name, server } = containers[source] ?? {};
        return `${JSON.stringify({ ...line, container: name, server: server?.name })}\n`;
      })
      .join('');
}

function textWriter({ output, values }: Run, names: readonly string[]) {
  const stamped = values['timestamps'] === true;
  const width = Math.max(...names.map((name) => output.clean(name).length));
  const labels = names.map((name, index) => {
    const clean = output.clean(name);
    return `${output.label(clean, index)}${' '.repeat(width - clean.length)} | `;
  });
  /** Whose line goes on; nothing else may be written into it. */
  let open: MergedLogLine | undefined;
  return (lines: readonly MergedLogLine[]): string => {
    let written = '';
    for (const line of lines) {
      const goesOn = open?.source === line.source && open.stream === line.stream;
      if (open && !goesOn) written += '\n';
      if (!goesOn) written += `${labels[line.source] ?? ''}${stamped ? `${line.at} ` : ''}`;
      written += `${output.clean(line.text)}${line.partial ? '' : '\n'}`;
      open = line.partial ? line : undefined;
    }
    return written;
  };
}
