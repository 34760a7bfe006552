import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { managedHost } from '../e2e/faults/host.ts';
import { addServer, untilStatus } from '../e2e/install/plane.ts';
import { controlPlane } from '../testing/control-plane.ts';
import { eventually } from '../testing/events.ts';
import type { TestSubscription } from '../testing/graphql-client.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';

/** Of each kind, in quiet and under each flood. */
const samples = 200;

/** As most terminals are, and as they are where recording is required. */
const kinds = [
  { record: false, also: '' },
  { record: true, also: ', both recorded' },
] as const;

/** What writes without end, each as it is typed. */
const floods = [
  { name: 'yes', command: 'yes' },
  { name: 'cat of 1 GB', command: `yes ${'x'.repeat(99)} | head -c 1000000000 | cat` },
] as const;

const follow = /* GraphQL */ `
  subscription Bench_Terminal($serverId: ID!, $terminalId: ID!) {
    hostTerminal(serverId: $serverId, terminalId: $terminalId) {
      text
    }
  }
`;
const write = /* GraphQL */ `
  mutation Bench_Write($input: WriteHostTerminalInput!) {
    writeHostTerminal(input: $input) {
      terminalId
    }
  }
`;
const open = /* GraphQL */ `
  mutation Bench_Open($input: OpenHostTerminalInput!) {
    openHostTerminal(input: $input) {
      terminal {
        id
      }
    }
  }
`;
const close = /* GraphQL */ `
  mutation Bench_Close($input: CloseHostTerminalInput!) {
    closeHostTerminal(input: $input) {
      terminalId
    }
  }
`;
const recordings = /* GraphQL */ `
  query Bench_Recordings {
    terminalRecordings(first: 1) {
      nodes {
        end
        sizeBytes
      }
    }
  }
`;
const list = 'query Bench_List($serverId: ID!) { hostTerminals(serverId: $serverId) { id } }';

interface Followed {
  readonly hostTerminal: { readonly text: string | null };
}

interface Recording {
  readonly end: string | null;
  readonly sizeBytes: number;
}

/** A terminal that somebody types into and looks at. */
interface Looked extends AsyncDisposable {
  readonly type: (text: string) => Promise<unknown>;
  readonly seen: TestSubscription<Followed>;
}

/**
 * What a shell that writes without end does to others on the same agent: how long a typed letter takes to come back in another
 * terminal, how long other operations take, and what agent and control plane grow by. Against the same in quiet, and again
 * while both terminals are recorded.
 */
export const terminals: Bench = {
  name: 'terminals',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    const client = await plane.signIn();
    await using host = await managedHost({
      config: ['features: { shell: true }', `shell: { account: ${userInfo().username} }`],
    });
    const { serverId, token } = await addServer(client, 'bench', 'FULL_ACCESS');
    await host.register(plane.url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');

    const looked = async (record: boolean): Promise<Looked> => {
      const { openHostTerminal } = await client.query<{ openHostTerminal: { terminal: { id: string } } }>(
        open,
        { input: { serverId, columns: 80, rows: 24, record } },
      );
      const terminalId = openHostTerminal.terminal.id;
      const seen = client.subscribe<Followed>(follow, { serverId, terminalId });
      return {
        type: (text) => client.query(write, { input: { serverId, terminalId, text } }),
        seen,
        async [Symbol.asyncDispose]() {
          await client.query(close, { input: { serverId, terminalId } });
          await seen[Symbol.asyncDispose]();
        },
      };
    };
    const recorded = () =>
      eventually(async () => {
        const { terminalRecordings } = await client.query<{
          terminalRecordings: { nodes: readonly Recording[] };
        }>(recordings);
        const [newest] = terminalRecordings.nodes;
        return newest && newest.end !== null ? newest : undefined;
      }, 'the end of the recording');

    let unrecorded: readonly number[] | undefined;
    const results: Measurement[] = [];
    for (const { record, also } of kinds) {
      await using echoing = await looked(record);
      await echoing.type('stty -echo; PS1=; exec cat\r');
      await until(echoing, 'ready', 'ready\r');
      const others = () => timed(() => client.query(list, { serverId }));
      const letters = () => timed((n) => until(echoing, `<${n}>`, `<${n}>\r`));
      const quiet = { echo: await letters(), others: await others() };
      if (unrecorded)
        results.push(...delays('a letter typed and seen in a recorded terminal', quiet.echo, unrecorded));
      unrecorded ??= quiet.echo;

      for (const { name, command } of floods) {
        const before = { agent: resident(host.agent.pid), plane: resident(plane.process.pid) };
        let characters = 0;
        const beside = await (async () => {
          await using flooding = await looked(record);
          await flooding.type(`${command}\r`);
          const stop = new AbortController();
          const reading = (async () => {
            while (!stop.signal.aborted)
              characters += (await flooding.seen.next()).hostTerminal.text?.length ?? 0;
          })();
          const measured = { echo: await letters(), others: await others() };
          const growth = {
            agent: (resident(host.agent.pid) - before.agent) / 1e6,
            plane: (resident(plane.process.pid) - before.plane) / 1e6,
          };
          stop.abort();
          await flooding.type('\u0003');
          await reading;
          return { ...measured, growth };
        })();
        const kept = record ? await recorded() : undefined;
        const shown = `${(characters / 1e6).toFixed(1)} MB were shown meanwhile`;
        const written = kept && `, ${(kept.sizeBytes / 1e6).toFixed(1)} MB recorded (${kept.end})`;
        results.push(
          ...delays(`a letter typed and seen beside ${name}${also}`, beside.echo, quiet.echo),
          ...delays(`another operation of the agent beside ${name}${also}`, beside.others, quiet.others),
          {
            what: `growth of the agent beside ${name}${also}`,
            value: beside.growth.agent,
            unit: 'MB',
            atMost: 48,
          },
          {
            what: `growth of the control plane beside ${name}${also}`,
            value: beside.growth.plane,
            unit: 'MB',
            atMost: 64,
            baseline: `${shown}${written ?? ''}`,
          },
        );
      }
    }
    return results;
  },
};

/** How much later the slow ones come than in quiet. */
function delays(what: string, beside: readonly number[], quiet: readonly number[]): Measurement[] {
  const [slow, usual] = [quantile(beside, 0.99), quantile(quiet, 0.99)];
  return [
    {
      what: `${what}, p99 beyond that in quiet`,
      value: Math.max(0, slow - usual),
      unit: 'ms',
      atMost: 100,
      baseline: `p50 ${quantile(quiet, 0.5).toFixed(1)}, p99 ${usual.toFixed(1)} ms in quiet; p50 ${quantile(beside, 0.5).toFixed(1)} ms beside it`,
    },
  ];
}

/** Types it, and waits until it is on the screen. */
async function until({ type, seen }: Looked, text: string, typed: string): Promise<void> {
  let all = '';
  const there = seen.next(({ hostTerminal }) => (all += hostTerminal.text ?? '').includes(text));
  await Promise.all([there, type(typed)]);
}

async function timed(run: (n: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < samples) {
    const began = performance.now();
    await run(times.length);
    times.push(performance.now() - began);
  }
  return times;
}

/** Bytes, by the kernel. */
function resident(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
