import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, docker } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';
import { onlineServer } from './log-stream.ts';
import { watch } from './viewer.ts';

const containers = 4;
const linesEach = 25_000;
/** Of these, as many as are looked through by the expression. */
const lookedThroughEach = 2_500;

const merged = /* GraphQL */ `
  subscription Bench_MergedLogs($sources: [LogSourceInput!]!, $filter: LogFilterInput, $tail: Int) {
    mergedLogs(sources: $sources, filter: $filter, tail: $tail, follow: false) {
      segments {
        text
      }
    }
  }
`;

interface Batch {
  readonly mergedLogs: { readonly segments: readonly { readonly text: string }[] };
}

/** So many states to follow for each character that no engine is quick. */
const badExpression = String.raw`a[ab]{400}c`;

/** 100,000 lines of several containers as one, from the real engine and agent to one viewer. */
export const mergedLogs: Bench = {
  name: 'merged-logs',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000, env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    const client = await plane.signIn();
    const serverId = await eventually(() => onlineServer(client), 'the local agent', { limit: 30_000 });
    await using boxes = new AsyncDisposableStack();
    const sources: { readonly serverId: string; readonly containerId: string }[] = [];
    for (let n = 0; n < containers; n += 1) {
      const command = [
        'sh',
        '-c',
        `base64 /dev/urandom | head -n ${linesEach} | tr 'A-Za-f' a | tr -c 'a\\n' b`,
      ];
      const box = boxes.use(await container({ command }));
      await docker('wait', box.id);
      sources.push({ serverId, containerId: box.id });
    }
    const all = await seconds(plane, client, { sources }, containers * linesEach);
    const filter = { text: badExpression, regex: true, matchCase: true };
    const answers: number[] = [];
    const asking = new AbortController();
    const asked = ask(client, answers, asking.signal);
    const filtered = await seconds(plane, client, { sources, filter, tail: lookedThroughEach }, 0);
    asking.abort();
    await asked;
    const name = '100,000 lines of 4 containers';
    return [
      { what: `${name} merged, to one viewer`, value: all, unit: 's' },
      { what: `10,000 of these lines through a bad expression`, value: filtered, unit: 's' },
      {
        what: `answer to others while a bad expression is looked for, p99`,
        value: quantile(answers, 0.99),
        unit: 'ms',
      },
    ] satisfies Measurement[];
  },
};

/** Until every line was there, in order. */
async function seconds(
  plane: ControlPlane,
  client: TestClient,
  variables: Record<string, unknown>,
  lines: number,
): Promise<number> {
  const begun = performance.now();
  let count = 0;
  let last = '';
  await watch<Batch>(plane, client, { query: merged, variables }, (data) => {
    for (const { text } of data.mergedLogs.segments) {
      for (const line of text.trimEnd().split('\n')) {
        const at = line.slice(0, 30);
        if (at < last) throw new Error(`${at} came after ${last}`);
        last = at;
        count += 1;
      }
    }
  });
  if (count !== lines) throw new Error(`${count} lines of ${lines} arrived`);
  return (performance.now() - begun) / 1000;
}

/** Milliseconds of each of one question after the other. */
async function ask(client: TestClient, answers: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    await client.query('{ setupStatus { needed } }');
    answers.push(performance.now() - begun);
  }
}
