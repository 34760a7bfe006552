import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { StoredSample } from '../../api/src/metrics/sample.ts';
import { eventually } from '../../testing/events.ts';
import { plainEnv, run, startProcess, type TestProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';

const program = fileURLToPath(new URL('../../agent/dist/serverkit-agent.cjs', import.meta.url));

/** A managed host: the agent as it is shipped, as a process of its own that tests may kill. */
export interface Host extends AsyncDisposable {
  readonly configFile: string;
  readonly keyFile: string;
  readonly stateDir: string;
  /** Of the process that runs now. */
  readonly agent: TestProcess;
  /** Trades a token for an identity. */
  register(url: string, token: string): Promise<void>;
  /** Names the control plane, as registration does. */
  configure(url: string): Promise<void>;
  /** Whether the agent itself says that it is. */
  isOnline(): Promise<boolean>;
  /** Starts the agent; resolves once it answers on its own socket. */
  start(): Promise<void>;
  /** What the agent itself kept of what it measured, over all its runs, in order. */
  ring(): Promise<StoredSample[]>;
}

export interface HostOptions {
  /** Docker's socket. @default one that is not there */
  readonly docker?: string;
  /** Where the agent keeps its state. @default a folder of the host's own */
  readonly stateDir?: string;
  /** @default a file of the host's own */
  readonly keyFile?: string;
  /** @default 'info' */
  readonly logLevel?: 'debug' | 'info';
  /** Lines of its configuration besides. */
  readonly config?: readonly string[];
  /** Of the agent's process, besides what every process here has. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What `status --json --ring` prints, as far as tests look. */
const parseStatus: (text: string) => {
  readonly link: { readonly state: string };
  readonly ring: StoredSample[];
} = JSON.parse;

export async function managedHost({
  docker,
  stateDir,
  keyFile: givenKeyFile,
  logLevel = 'info',
  config = [],
  env = {},
}: HostOptions = {}): Promise<Host> {
  await using undo = new AsyncDisposableStack();
  const dir = undo.use(await tempDir('serverkit-host-'));
  const [configFile, keyFile] = [dir.file('config.yaml'), givenKeyFile ?? dir.file('agent.key')];
  const state = stateDir ?? dir.file('state');
  await mkdir(state, { recursive: true, mode: 0o700 });
  await writeFile(
    configFile,
    [
      `agent: { state_dir: ${state} }`,
      `auth: { key_file: ${keyFile} }`,
      `docker: { socket: ${docker ?? dir.file('no-docker.sock')} }`,
      `logging: { level: ${logLevel} }`,
      ...config,
      '',
    ].join('\n'),
  );
  let agent: TestProcess | undefined;
  undo.defer(() => agent?.[Symbol.asyncDispose]());
  const command = (...words: string[]): Promise<string> =>
    run(process.execPath, [program, ...words, '-c', configFile], { env: plainEnv(env) });
  const owned = undo.move();
  return {
    configFile,
    keyFile,
    stateDir: state,
    get agent() {
      if (!agent) throw new Error('the agent was not started');
      return agent;
    },
    async register(url, token) {
      await using registering = startProcess(
        process.execPath,
        [program, 'register', '--server', url, '-c', configFile],
        { env: plainEnv({ ...env, SERVERKIT_TOKEN: token }) },
      );
      const { code } = await registering.exit;
      if (code !== 0) throw new Error(`the agent was not registered:\n${registering.output()}`);
    },
    configure: (url) =>
      appendFile(
        configFile,
        `server: { url: "${url}", reconnect_interval: 100ms, max_reconnect_interval: 1s }\n`,
      ),
    isOnline: async () => parseStatus(await command('status', '--json', '--ring')).link.state === 'online',
    async start() {
      await agent?.[Symbol.asyncDispose]();
      agent = startProcess(process.execPath, [program, 'start', '-c', configFile], { env: plainEnv(env) });
      await eventually(() => command('status', '--json').then(() => true), 'the agent to answer', {
        every: 200,
      });
    },
    ring: async () => parseStatus(await command('status', '--json', '--ring')).ring,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
