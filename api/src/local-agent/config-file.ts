import { closeSync, fchownSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentAccount } from './account.ts';
import type { AgentView } from './agent-process.ts';

/**
 * Writes the agent's configuration anew, before every start: whatever happened to the file, the data directory is
 * denied. JSON, which is YAML as well.
 *
 * The ceiling is left to the control plane, which starts with looking, starting and stopping (`localAgentScopes`) and
 * whose owner raises it in the dashboard: a second ceiling in a file that we write ourselves would add nothing.
 */
export function writeAgentConfig(
  directory: string,
  view: AgentView,
  account: AgentAccount | undefined,
  options: {
    readonly server: Pick<Server, 'name' | 'agentId'>;
    readonly socket: string;
    readonly deniedPaths: readonly string[];
  },
): void {
  const { server, socket, deniedPaths } = options;
  const config = {
    server: { url: `unix:${socket}` },
    agent: {
      ...(server.agentId === null ? {} : { id: server.agentId }),
      name: server.name,
      state_dir: view.directory,
    },
    auth: { key_file: `${view.directory}/agent.key` },
    security: { scopes: 'managed', denied_paths: deniedPaths },
  };
  const file = join(directory, 'config.yaml');
  replace(file, `${JSON.stringify(config, null, 2)}\n`, account);
}

/**
 * The directory belongs to the agent, which could put a link where we are about to write as root. A new file is made
 * (O_EXCL follows no link) and given away by its descriptor; rename(2) follows none either.
 */
function replace(file: string, text: string, account: AgentAccount | undefined): void {
  const half = `${file}.new`;
  rmSync(half, { force: true });
  const descriptor = openSync(half, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    if (account) fchownSync(descriptor, account.uid, account.gid);
  } finally {
    closeSync(descriptor);
  }
  renameSync(half, file);
}
