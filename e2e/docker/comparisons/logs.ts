import { expect } from 'vitest';
import { container, docker, type TestContainer } from '../../../testing/docker.ts';
import { run } from '../../../testing/processes.ts';
import type { Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

interface Merged {
  readonly mergedLogs: {
    readonly segments: readonly {
      readonly source: number;
      readonly stream: string;
      readonly text: string;
    }[];
    readonly sources: readonly { readonly source: number; readonly name: string; readonly state: string }[];
  };
}

/** Three that spoke at the same time. */
async function speakers(): Promise<TestContainer[]> {
  const script = 'for i in $(seq 100 159); do echo "$0 $i"; sleep 0.003; done';
  const boxes = await Promise.all(
    ['a', 'b', 'c'].map((name) => container({ command: ['sh', '-c', script, name] })),
  );
  await Promise.all(boxes.map(({ id }) => docker('wait', id)));
  return boxes;
}

/** What the docker command prints of them, with their numbers, sorted by time. */
async function sorted(boxes: readonly TestContainer[]): Promise<{ line: string; source: number }[]> {
  const logs = await Promise.all(boxes.map(({ id }) => docker('logs', '--timestamps', id)));
  return logs
    .flatMap((log, source) =>
      log
        .split('\n')
        .filter(Boolean)
        .map((line) => ({ line, source })),
    )
    .toSorted((a, b) => (a.line < b.line ? -1 : 1));
}

const sourcesOf = (rig: DockerRig, boxes: readonly TestContainer[]) =>
  boxes.map(({ id }) => ({ serverId: rig.serverId, containerId: id }));

const subscription = /* GraphQL */ `
  subscription ($sources: [LogSourceInput!]!, $filter: LogFilterInput) {
    mergedLogs(sources: $sources, follow: false, filter: $filter) {
      segments {
        source
        stream
        text
        partial
      }
      sources {
        source
        serverId
        containerId
        name
        state
        clockAheadMs
        error {
          code
          message
        }
      }
    }
  }
`;

const merging: Comparison = {
  title: 'the logs of three containers, merged, are what docker logs prints of them, sorted by time',
  covers: [
    'Subscription.mergedLogs',
    'MergedLogBatch.segments',
    'MergedLogSegment.source',
    'MergedLogSegment.stream',
    'MergedLogSegment.text',
    'LogSourceReport.name',
  ],
  async run(rig) {
    const boxes = await speakers();
    try {
      await using logs = rig.subscribe<Merged>(subscription, { sources: sourcesOf(rig, boxes) });
      const told: { line: string; source: number }[] = [];
      const names = new Map<number, string>();
      const ended = new Set<number>();
      await logs.next(({ mergedLogs: { segments, sources } }) => {
        for (const { source, stream, text } of segments) {
          expect(stream).toBe('STDOUT');
          for (const line of text.split('\n').filter(Boolean)) told.push({ line, source });
        }
        for (const { source, name, state } of sources) {
          names.set(source, name);
          if (state === 'ENDED') ended.add(source);
        }
        return ended.size === boxes.length && told.length === 180;
      }, 'all of the logs');
      expect(told).toEqual(await sorted(boxes));
      const printed = await docker('inspect', '--format', '{{.Name}}', ...boxes.map(({ id }) => id));
      expect([0, 1, 2].map((source) => `/${names.get(source) ?? ''}`)).toEqual(printed.trim().split('\n'));
    } finally {
      for (const box of boxes) await box[Symbol.asyncDispose]();
    }
  },
};

const hostile: Comparison = {
  title: 'lines that are colours, endless or no text come as docker logs prints them',
  covers: ['Subscription.mergedLogs', 'MergedLogSegment.text'],
  async run(rig) {
    const lines = [
      String.raw`printf '\033[31mred\033[0m \033]0;title\007\r\n'`,
      'head -c 10000000 /dev/zero | tr "\\0" x; echo',
      String.raw`printf '\377\376 \303\n'`,
      'echo last',
    ];
    await using box = await container({ command: ['sh', '-c', lines.join('; ')] });
    await docker('wait', box.id);
    await using logs = rig.subscribe<Merged>(subscription, { sources: sourcesOf(rig, [box]) });
    let text = '';
    await logs.next(({ mergedLogs: { segments } }) => {
      for (const segment of segments) text += segment.text;
      return text.endsWith(' last\n');
    }, 'the whole log');
    const plain = (log: string): string[] => log.split('\n').map((line) => line.slice(31));
    const printed = await run('sh', ['-c', `docker logs ${box.id}`]);
    expect(plain(text).map((line) => line.length)).toEqual(printed.split('\n').map((line) => line.length));
    expect(plain(text).filter((line) => line.length < 1_000)).toEqual(
      printed.split('\n').filter((line) => line.length < 1_000),
    );
  },
};

const saving: Comparison = {
  title: 'a saved log is what docker logs prints, as text and as JSON, and a filter leaves out the rest',
  covers: ['Mutation.startLogDownload'],
  async run(rig) {
    const boxes = await speakers();
    const save = async (input: object): Promise<string> => {
      const { startLogDownload } = await rig.query<{ startLogDownload: { url: string } }>(
        'mutation Save($input: StartLogDownloadInput!) { startLogDownload(input: $input) { url } }',
        { input },
      );
      const answer = await fetch(`${rig.url}${startLogDownload.url}`);
      expect(answer.status).toBe(200);
      return answer.text();
    };
    try {
      const sources = sourcesOf(rig, boxes);
      const truth = await sorted(boxes);
      expect(await save({ sources: sources.slice(0, 1) })).toBe(
        await docker('logs', '--timestamps', boxes[0]?.id ?? ''),
      );
      const parse: (line: string) => { at: string; text: string; container: string } = JSON.parse;
      const saved = (await save({ sources, format: 'NDJSON' })).trim().split('\n').map(parse);
      expect(saved.map(({ at, text }) => `${at} ${text}`)).toEqual(truth.map(({ line }) => line));
      const filter = { text: '^[ab] 1.0$', regex: true };
      const some = (await save({ sources, format: 'NDJSON', filter })).trim().split('\n').map(parse);
      expect(some.map(({ text }) => text)).toEqual(
        truth.map(({ line }) => line.slice(31)).filter((line) => /^[ab] 1.0$/.test(line)),
      );
    } finally {
      for (const box of boxes) await box[Symbol.asyncDispose]();
    }
  },
};

export const logs: readonly Comparison[] = [merging, hostile, saving];
