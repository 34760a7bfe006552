import {
  KillContainerDocument,
  PauseContainerDocument,
  RemoveContainerDocument,
  RestartContainerDocument,
  StartContainerDocument,
  StopContainerDocument,
  UnpauseContainerDocument,
  type Client,
} from '../../src/node.ts';
import { flag, text, type Command, type Run } from '../command.ts';
import { exitCodes, Failure, failureOf, usage } from '../failure.ts';
import { findContainers } from '../targets.ts';

interface Target {
  readonly serverId: string;
  readonly containerId: string;
}

type Act = (client: Client, target: Target, run: Run) => Promise<unknown>;

const actions: Readonly<Record<string, Act>> = {
  start: (client, input) => client.request(StartContainerDocument, { input }),
  stop: (client, target, run) =>
    client.request(StopContainerDocument, { input: { ...target, ...grace(run) } }),
  restart: (client, target, run) =>
    client.request(RestartContainerDocument, { input: { ...target, ...grace(run) } }),
  pause: (client, input) => client.request(PauseContainerDocument, { input }),
  unpause: (client, input) => client.request(UnpauseContainerDocument, { input }),
  kill: (client, target, run) =>
    client.request(KillContainerDocument, { input: { ...target, signal: text(run, 'signal') ?? 'SIGKILL' } }),
  remove: (client, target, run) =>
    client.request(RemoveContainerDocument, {
      input: { ...target, force: flag(run, 'force'), removeVolumes: false },
    }),
};

function grace(run: Run): { timeoutSeconds?: number } {
  const given = text(run, 'timeout');
  if (given === undefined) return {};
  if (!/^\d{1,5}$/.test(given)) throw usage('--timeout takes whole seconds.');
  return { timeoutSeconds: Number(given) };
}

export const container: Command = {
  usage: `container ${Object.keys(actions).join('|')} CONTAINER…`,
  summary: 'act on containers',
  help: `A container is named by its name, its id or the begin of one; write SERVER/NAME where several have the name.
All are tried; the exit code says whether all succeeded.`,
  options: {
    server: { type: 'string' },
    timeout: { type: 'string' },
    signal: { type: 'string' },
    force: { type: 'boolean' },
  },
  async run(run) {
    const [verb = '', ...references] = run.positionals;
    const act = actions[verb];
    if (!act || references.length === 0) throw usage(`Write: serverkit ${this.usage}.`);
    const client = run.client();
    const targets = await findContainers(client, references, text(run, 'server'));
    let failed = 0;
    for (const { id, name, server } of targets) {
      const target = `${server.name}/${name}`;
      try {
        run.signal.throwIfAborted();
        await act(client, { serverId: server.id, containerId: id }, run);
        if (run.output.json) await run.output.object({ target, ok: true });
        else await run.output.line(`${target}: done`);
      } catch (error) {
        const { message, exitCode } = failureOf(error);
        if (exitCode === exitCodes.denied || exitCode === exitCodes.unreachable) throw error;
        failed += 1;
        if (run.output.json) await run.output.object({ target, ok: false, error: message });
        else run.tell(`${target}: ${message}`);
      }
    }
    if (failed > 0) throw new Failure(`${failed} of ${targets.length} did not succeed.`);
  },
};
