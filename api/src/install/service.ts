import { join } from 'node:path';
import type { Joinability } from '../http/front-door.ts';
import type { Platform } from '../platform.ts';
import { loadAgentBundle, type AgentBundle } from './agent-bundle.ts';
import { linuxCommand, manualCommand } from './command.ts';
import { digestOf } from './digest.ts';
import { nativeTerminals } from './native-terminal.ts';
import { createNodeRuntimes, type NodeRuntime, type NodeRuntimes } from './node-runtime.ts';
import { once } from './once.ts';
import type { PackedFile } from './packed-file.ts';
import { InstallProblem } from './problem.ts';

export { InstallProblem } from './problem.ts';
import { routeOf } from './route.ts';
import { renderScript } from './script.ts';

export { agentDist, agentEntry } from './agent-bundle.ts';

/** What to paste where; null = not offered. */
export interface InstallCommands {
  /** One line for a root shell on Linux. */
  readonly linux: string;
  /** For a machine that has the agent already. */
  readonly manual: string;
  readonly docker: string | null;
  readonly windows: null;
}

export interface InstallerScript {
  readonly text: string;
  readonly sha256: string;
}

/** How agents come to other machines. */
export interface Install {
  /**
   * Commands that join one machine. The first call after a start reads and hashes the downloads, which takes half a
   * second.
   * @throws InstallProblem
   */
  commands(token: string): Promise<InstallCommands>;
  /** Whether the commands can work at all, as far as this machine can tell. */
  joinability(): Joinability;
  /** @throws InstallProblem */
  script(): Promise<InstallerScript>;
  /** Every small file that the installer downloads. @throws InstallProblem */
  files(): Promise<readonly PackedFile[]>;
  readonly runtimes: NodeRuntimes;
}

type Needs = Pick<Platform, 'env' | 'log' | 'frontDoor'>;

export interface InstallOptions {
  readonly bundle?: () => Promise<AgentBundle>;
  readonly runtimes?: NodeRuntimes;
}

export function createInstall({ env, log, frontDoor }: Needs, options: InstallOptions = {}): Install {
  const runtimes = options.runtimes ?? createNodeRuntimes(join(env.dataDir, 'downloads'), log);
  const built = once(options.bundle ?? (() => loadAgentBundle()));
  const added = nativeTerminals(join(env.dataDir, 'downloads'));

  async function bundle(): Promise<AgentBundle> {
    const { version, files } = await built();
    const more = (await added()).filter(({ name }) => !files.some((file) => file.name === name));
    return { version, files: [...files, ...more] };
  }
  let rendered: { readonly for: string; readonly script: Promise<InstallerScript> } | undefined;

  async function available() {
    const [files, x64, arm64] = await Promise.all([
      bundle(),
      runtimeOr(runtimes.get('x64')),
      runtimeOr(runtimes.get('arm64')),
    ]);
    const absent = [x64, arm64].find((one) => typeof one === 'string') ?? '';
    const [any] = [x64, arm64].flatMap((one) => (typeof one === 'string' ? [] : [one]));
    if (!any) throw new InstallProblem(absent);
    return { files, x64, arm64, any, absent };
  }

  type Available = Awaited<ReturnType<typeof available>>;

  async function render({ files, x64, arm64, any, absent }: Available): Promise<InstallerScript> {
    const text = await renderScript({
      route: routeOf(env, frontDoor),
      authority: frontDoor.authority(),
      bundle: files,
      node: { version: any.version, license: any.license, x64: present(x64), arm64: present(arm64), absent },
    });
    return { text, sha256: digestOf(text).sha256 };
  }

  async function script(): Promise<InstallerScript> {
    const found = await available();
    // The best guess of our address changes with the machine's addresses, and a runtime may be added while we run.
    const key = [
      frontDoor.publicUrl(),
      frontDoor.authority()?.fingerprint,
      ...[found.x64, found.arm64].map((one) => typeof one),
      found.files.files.length,
    ].join(' ');
    if (rendered?.for !== key) {
      const fresh = { for: key, script: render(found) };
      rendered = fresh;
      fresh.script.catch(() => {
        if (rendered === fresh) rendered = undefined;
      });
    }
    return rendered.script;
  }

  return {
    runtimes,
    async files() {
      const { files, any } = await available();
      return [...files.files, any.license];
    },
    script,
    joinability: () => frontDoor.joinability(),
    async commands(token) {
      const { sha256 } = await script();
      const route = routeOf(env, frontDoor);
      return {
        linux: linuxCommand(route, sha256, token),
        manual: manualCommand(route, frontDoor.authority()?.fingerprint, token),
        docker: null,
        windows: null,
      };
    },
  };
}

/** The runtime, or the sentence that says why there is none. */
async function runtimeOr(runtime: Promise<NodeRuntime>): Promise<NodeRuntime | string> {
  try {
    return await runtime;
  } catch (error) {
    if (error instanceof InstallProblem) return error.message;
    throw error;
  }
}

const present = (runtime: NodeRuntime | string): NodeRuntime | undefined =>
  typeof runtime === 'string' ? undefined : runtime;
