import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Authority } from '../http/authority.ts';
import { agentEntry, type AgentBundle } from './agent-bundle.ts';
import type { Digest } from './digest.ts';
import type { Route } from './route.ts';

const deploy = new URL('../../../deploy/', import.meta.url);

/** With this status the agent ends when the control plane revoked it; see agent/src/main.ts. */
const revokedStatus = 78;

export interface ScriptInput {
  readonly route: Route;
  readonly authority: Authority | undefined;
  readonly bundle: AgentBundle;
  readonly node: {
    readonly version: string;
    readonly license: Digest;
    readonly x64: Digest | undefined;
    readonly arm64: Digest | undefined;
    /** What to tell a machine for which there is none. */
    readonly absent: string;
  };
}

/**
 * The installer as one file, complete with whatever it writes besides downloads. The same input gives the same bytes, as
 * the copied command pins their hash.
 */
export async function renderScript({ route, authority, bundle, node }: ScriptInput): Promise<string> {
  const [script, unit, supervisor, initScript, command] = await Promise.all(
    ['install.sh', 'serverkit-agent.service', 'supervisor.sh', 'init.d.sh', 'command.sh'].map(readTemplate),
  );
  const shared = { ENTRY: agentEntry, REVOKED: String(revokedStatus) };
  const whole = (text: string | undefined): string => fill(text ?? '', shared).trimEnd();
  return fill(script ?? '', {
    ...shared,
    SERVER: quoted(route.server),
    DOWNLOADS: quoted(route.downloads),
    PLAIN_HOST: quoted(route.plain?.host ?? ''),
    PLAIN_PORT: quoted(String(route.plain?.port ?? '')),
    VERSION: quoted(bundle.version),
    AGENT_FILES: quoted(bundle.files.map((file) => `${file.name} ${pin(file)}`).join('\n')),
    NODE_VERSION: quoted(node.version),
    NODE_LICENSE: pin(node.license),
    NODE_X64: node.x64 ? pin(node.x64) : '',
    NODE_ARM64: node.arm64 ? pin(node.arm64) : '',
    NODE_ABSENT: quoted(node.absent),
    CA_FINGERPRINT: authority?.fingerprint ?? '',
    CA_PEM: authority?.certificatePem.trimEnd() ?? '',
    SYSTEMD_UNIT: whole(unit),
    SUPERVISOR: whole(supervisor),
    INIT_SCRIPT: whole(initScript),
    COMMAND: whole(command),
  });
}

const readTemplate = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(name, deploy)), 'utf8');

const pin = ({ sha256, bytes }: Digest): string => `${sha256} ${bytes}`;

/** Fit to stand between single quotes in a shell script. */
const quoted = (text: string): string => text.replaceAll("'", `'\\''`);

/** @throws when the template has a place that nothing fills */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([A-Z][A-Z0-9_]+)@/g, (_place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nothing fills @${name}@`);
    return value;
  });
}
