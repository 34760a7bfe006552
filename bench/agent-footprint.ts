import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { controlPlane } from '../testing/control-plane.ts';
import { container } from '../testing/docker.ts';
import { plainEnv, run, startProcess, type TestProcess } from '../testing/processes.ts';
import { tempDir } from '../testing/tmp.ts';
import { controlGroup, type ControlGroup } from './control-group.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';
import { cpuMs, memoryOf } from './process-usage.ts';

const settleMs = 60_000;
const watchMs = 60_000;
const starts = 5;
const bundle = 'agent/dist/serverkit-agent.cjs';

/**
 * A real agent, as bundled, with Docker in use and samples every 10 s, on the control plane's own machine. It runs as its
 * systemd unit runs it: in a control group of its own, and with the allocator's settings of that unit.
 */
export const agentFootprint: Bench = {
  name: 'agent-footprint',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    await using wire = await countingProxy(new URL(plane.url));
    await using folder = await tempDir('serverkit-bench-');
    await using _box = await container();
    const client = await plane.signIn();
    const { createServer: made } = await client.query<{ createServer: { registrationToken: string } }>(
      `mutation { createServer(input: { name: "footprint", profile: DOCKER_MANAGER }) { registrationToken } }`,
    );
    const config = folder.file('config.yaml');
    writeFileSync(
      config,
      `agent:\n  state_dir: ${folder.file('state')}\nauth:\n  key_file: ${folder.file('agent.key')}\n`,
      { mode: 0o600 },
    );
    const token = folder.file('token');
    writeFileSync(token, made.registrationToken, { mode: 0o600 });
    await run(process.execPath, [
      bundle,
      'register',
      '--server',
      wire.url,
      '--token-file',
      token,
      '-c',
      config,
    ]);

    using group = controlGroup();
    // Pages of a program count where they were read first: on a managed server the agent's runtime is the agent's alone.
    const runtime = folder.file('node');
    const [copy, ...copied] = group.enter('cp', process.execPath, runtime);
    await run(copy, copied);
    const times: number[] = [];
    for (let n = 0; n < starts; n += 1) {
      const begun = performance.now();
      await using agent = start(group, runtime, config);
      await agent.match(/online/, 30_000);
      times.push(performance.now() - begun);
    }

    await using agent = start(group, runtime, config);
    await agent.match(/online/, 30_000);
    await delay(settleMs);
    const before = { cpu: cpuMs(agent.pid), bytes: wire.bytes(), at: performance.now() };
    await delay(watchMs);
    const seconds = (performance.now() - before.at) / 1000;
    const memory = memoryOf(agent.pid);
    const cpu = cpuMs(agent.pid);

    await using empty = startProcess(process.execPath, [
      '-e',
      'setInterval(() => {}, 1e9); console.log("up")',
    ]);
    await empty.match(/up/);
    await delay(2_000);
    const bare = memoryOf(empty.pid);
    const baseline = `empty Node script: ${mb(bare.rss)} MB RSS, ${mb(bare.anonymous)} MB anonymous`;

    const results: Measurement[] = [
      { what: 'agent: anonymous memory', value: memory.anonymous / 1e6, unit: 'MB', atMost: 20, baseline },
      { what: 'agent: RSS', value: memory.rss / 1e6, unit: 'MB', atMost: 50, baseline },
      { what: 'agent: CPU, idle', value: (cpu.own - before.cpu.own) / seconds / 10, unit: '%', atMost: 0.1 },
      { what: 'agent: CPU of child processes', value: cpu.children, unit: 'ms', atMost: 0 },
      {
        what: 'agent: network, idle',
        value: (wire.bytes() - before.bytes) / seconds / 1000,
        unit: 'KB/s',
        atMost: 1,
      },
      { what: 'agent: start to link up', value: quantile(times, 0.5), unit: 'ms', atMost: 200 },
    ];
    return results;
  },
};

function start(group: ControlGroup, runtime: string, config: string): TestProcess {
  const [command, ...args] = group.enter(runtime, bundle, 'start', '-c', config);
  return startProcess(command, args, { env: plainEnv(allocatorOfUnit()) });
}

function allocatorOfUnit(): Record<string, string> {
  const unit = readFileSync('deploy/serverkit-agent.service', 'utf8');
  return Object.fromEntries(
    [...unit.matchAll(/\b(MALLOC_\w+)=(\d+)/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** A TCP proxy that counts what passes, both ways. */
async function countingProxy(target: URL) {
  let bytes = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      from.on('data', (chunk: Buffer) => (bytes += chunk.length));
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    bytes: () => bytes,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
