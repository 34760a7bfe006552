import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { plainEnv, startProcess, type TestProcess } from '../../testing/processes.ts';
import { vi } from 'vitest';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { run } from './cli.ts';
import type { ExitCode } from './exit-codes.ts';
import { identityOf, keepIdentity } from './identity/identity.ts';
import { adoptKey, keyForToken } from './identity/key-file.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

/** A host of the agent's own: its configuration, key and state. */
export interface TestHost extends AsyncDisposable {
  readonly dir: TempDir;
  readonly configFile: string;
  readonly stateDir: string;
  /** Runs a command of the agent to its end, in this process. */
  agent(args: readonly string[]): Promise<Ended>;
  /** Starts the agent. */
  start(): TestProcess;
}

export interface Ended {
  readonly code: ExitCode;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
}

async function runHere(args: readonly string[]): Promise<Ended> {
  let [stdout, output] = ['', ''];
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      output += String(text);
      if (name === 'stdout') stdout += String(text);
      return true;
    }),
  );
  const code = await run(args);
  for (const spy of spies) spy.mockRestore();
  return { code, stdout, output };
}

/** @param yaml of the configuration, besides the paths */
export async function testHost(yaml = ''): Promise<TestHost> {
  const dir = await tempDir('sk-agent-');
  const [configFile, stateDir] = [dir.file('config.yaml'), dir.file('state')];
  await mkdir(stateDir, { mode: 0o700 });
  const paths = `agent: { state_dir: ${stateDir} }\nauth: { key_file: ${dir.file('agent.key')} }\n`;
  await writeFile(configFile, paths + yaml);
  return {
    dir,
    configFile,
    stateDir,
    agent: (args) => runHere([...args, '-c', configFile]),
    start: () => startProcess(process.execPath, [main, 'start', '-c', configFile]),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Makes a folder look as registration leaves it. */
export function pretendRegistered(stateDir: string, keyFile: string): void {
  const { key } = keyForToken(keyFile, 'token');
  const answer = {
    v: 1,
    agentId: 'agt_1',
    serverId: 'srv_1',
    name: 'web',
    keys: [{ id: 'k', use: 'current', publicKey: 'p' }],
    scopes: ['docker:*'],
  } as const;
  keepIdentity(stateDir, identityOf(answer, key.id), () => adoptKey(keyFile, 'token'));
}

/** An agent that is started as the control plane starts its own. */
export interface ParentedAgent extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** Sends a line through the pipe. */
  tell(message: unknown): void;
  /** What the death of the parent does. */
  hangUp(): void;
  /** Everything it logged so far, and what comes until the pattern is there. */
  match(pattern: RegExp): Promise<string>;
}

export function startParented(): ParentedAgent {
  const child = spawn(process.execPath, [main, 'start', '--parent'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: plainEnv(),
  });
  const exit = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const [, , stderr, pipe] = child.stdio;
  if (!isReadable(stderr) || !pipe || !('write' in pipe)) throw new Error('no pipes');
  let said = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {
    child,
    exit,
    tell: (message) => void pipe.write(`${JSON.stringify(message)}\n`),
    hangUp: () => pipe.destroy(),
    async match(pattern) {
      while (!pattern.test(said))
        await Promise.race([once(stderr, 'data'), exit.then(() => Promise.reject(new Error(said)))]);
      return said;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
      pipe.destroy();
    },
  };
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'setEncoding' in stream;
}
