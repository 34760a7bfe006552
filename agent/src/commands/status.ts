import type { Arguments } from '../arguments.ts';
import { loadConfig } from '../config/config.ts';
import { askAgent } from '../control-socket.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { statusText, type AgentStatus } from '../status.ts';

export const statusHelp = `serverkit-agent status [--json] [--ring] [-c CONFIG]

Asks the agent that runs on this machine how it is. Ends with 3 when none runs.

  --json    everything, as JSON
  --ring    with every sample that is kept (implies --json)
`;

/** `status`: asks the running agent. */
export async function statusCommand({ configFile, values }: Arguments): Promise<ExitCode> {
  const { stateDir } = loadConfig(configFile, false).agent;
  const status = await askAgent(stateDir, 'status');
  if (!isStatus(status)) {
    process.stdout.write(
      values.json || values.ring ? '{ "running": false }\n' : 'The agent is not running.\n',
    );
    return exitCodes.notRunning;
  }
  if (!values.json && !values.ring) process.stdout.write(statusText(status));
  else {
    const ring = values.ring ? { ring: await askAgent(stateDir, 'ring') } : {};
    process.stdout.write(`${JSON.stringify({ running: true, ...status, ...ring }, null, 2)}\n`);
  }
  return exitCodes.ok;
}

/** The agent that answers is of the same installation, so its kind of answer is known by one trait. */
function isStatus(value: unknown): value is AgentStatus {
  return typeof value === 'object' && value !== null && 'link' in value && 'policy' in value;
}
