import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, docker } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';
import { onlineServer } from './log-stream.ts';
import { watch } from './viewer.ts';

const containers = 4;
const linesEach = 25_000;
/** Of others, which are looked through by an expression that takes long. */
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

/**
 * What a shop writes of its requests, the same in each run: one in a hundred fails, anywhere, and half of these took a second
 * or more. Whoever looks for slow failures reads what most lines begin like.
 */
const requests = String.raw`
  function random(n) { seed = (seed * 1103515245 + 12345) % 2147483648; return int(seed / 65536) % n }
  BEGIN {
    for (n = 0; n < lines; n++) {
      status = random(100) == 0 ? 500 + random(4) : random(20) == 0 ? 404 : 200
      took = status >= 500 && random(2) == 0 ? 1000 + random(9000) : random(900)
      printf "level=%s request=%08x method=GET path=/api/items/%d/reviews status=%d bytes=%d duration_ms=%d client=10.%d.%d.%d\n",
        (status >= 500 ? "error" : "info"), n * 4 + seed % 4, random(30000), status, random(20000), took,
        random(256), random(256), random(256)
    }
  }`;
/** Slow failures; as the dashboard and grep read it alike. */
const slowFailures = 'status=5[0-9]{2} .*duration_ms=[0-9]{4,} ';

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
    const written = async (commandOf: (n: number) => readonly string[]) => {
      const ids: string[] = [];
      for (let n = 0; n < containers; n += 1) {
        const box = boxes.use(await container({ command: [...commandOf(n)] }));
        await docker('wait', box.id);
        ids.push(box.id);
      }
      return { ids, sources: ids.map((containerId) => ({ serverId, containerId })) };
    };
    const shop = await written((n) => ['awk', '-v', `seed=${n + 1}`, '-v', `lines=${linesEach}`, requests]);
    const whole = await toolsAlone(shop.ids, '');
    const found = await toolsAlone(shop.ids, slowFailures);
    const all = await seconds(plane, client, { sources: shop.sources }, whole.lines);
    const search = { text: slowFailures, regex: true, matchCase: true };
    const searched = await seconds(plane, client, { sources: shop.sources, filter: search }, found.lines);

    const { sources } = await written(() => [
      'sh',
      '-c',
      `base64 /dev/urandom | head -n ${lookedThroughEach} | tr 'A-Za-f' a | tr -c 'a\\n' b`,
    ]);
    const filter = { text: badExpression, regex: true, matchCase: true };
    const answers: number[] = [];
    const asking = new AbortController();
    const asked = ask(client, answers, asking.signal);
    const filtered = await seconds(plane, client, { sources, filter }, 0);
    asking.abort();
    await asked;
    const name = '100,000 lines of 4 containers';
    return [
      {
        what: `${name} merged, to one viewer`,
        value: all,
        unit: 's',
        baseline: `docker logs of each through sort -m ${whole.seconds.toFixed(2)} s`,
      },
      {
        what: `${found.lines} of ${name} found by an expression, to one viewer`,
        value: searched,
        unit: 's',
        baseline: `docker logs of each through sort -m and grep -E ${found.seconds.toFixed(2)} s`,
      },
      { what: `10,000 lines of 4 containers through a bad expression`, value: filtered, unit: 's' },
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

/** What the engine's own client, sort(1) and grep(1) take for the same, each container's log read beside the others'. */
async function toolsAlone(
  ids: readonly string[],
  expression: string,
): Promise<{ readonly seconds: number; readonly lines: number }> {
  const began = performance.now();
  const logs = ids.map((id) => `<(docker logs --timestamps ${id})`).join(' ');
  const tools = spawn('bash', ['-c', `sort -m ${logs} | grep -E -- "$1"`, 'bash', expression], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const ended = once(tools, 'exit');
  let lines = 0;
  for await (const line of createInterface({ input: tools.stdout })) if (line !== '') lines += 1;
  await ended;
  return { seconds: (performance.now() - began) / 1000, lines };
}

/** Milliseconds of each of one question after the other. */
async function ask(client: TestClient, answers: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    await client.query('{ setupStatus { needed } }');
    answers.push(performance.now() - begun);
  }
}
