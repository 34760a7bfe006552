import { startAgent } from '../agent.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { openKeyring } from '../identity/keyring.ts';
import { lockInstance } from '../instance-lock.ts';
import { createLog } from '../log.ts';
import { runUnderParent } from '../parent.ts';
import { endpointFor } from '../registration.ts';
import { supervisorOf } from '../supervisor.ts';
import type { Arguments } from '../arguments.ts';

/** `start`: runs the agent until it is stopped. */
export function start({ configFile, values }: Arguments): Promise<ExitCode> {
  return values.parent ? runUnderParent() : run(configFile);
}

async function run(configFile: string): Promise<ExitCode> {
  const config = loadConfig(configFile, true);
  const { stateDir } = config.agent;
  const log = createLog({ level: config.logging.level, ...logFileOf(config) });
  const keyring = openKeyring({ stateDir, keyFile: config.auth.keyFile, log });
  if (!keyring || config.server.url === null) {
    throw new CommandError(
      'This server is not registered yet: serverkit-agent register --help',
      exitCodes.usage,
    );
  }
  const { agentId } = keyring.identity;
  if (config.agent.id !== null && config.agent.id !== agentId) {
    throw new CommandError(
      `${configFile} is for the agent ${config.agent.id}, but the key is that of ${agentId}; register this server again.`,
      exitCodes.usage,
    );
  }
  const endpoint = endpointFor({ ...config.server, server: config.server.url });
  const release = lockInstance(stateDir);
  try {
    const supervisor = supervisorOf(process.env, process.ppid);
    const agent = await startAgent({
      config,
      keyring,
      endpoint,
      supervisor,
      log,
      reload: () => loadConfig(configFile, true),
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => agent.stop());
    return await agent.ended;
  } finally {
    release();
  }
}

function logFileOf({ logging }: Config): { file?: { path: string; maxBytes: number; backups: number } } {
  if (logging.file === null) return {};
  return { file: { path: logging.file, maxBytes: logging.maxSizeBytes, backups: logging.maxBackups } };
}
