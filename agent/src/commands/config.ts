import { agentScopes, expand, isScopePattern, type ScopePattern } from '@serverkit/wire/scopes.ts';
import type { Arguments } from '../arguments.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { editConfig } from '../config/edit.ts';
import { durationText, sizeText } from '../config/values.ts';
import { askAgent } from '../control-socket.ts';
import { describe } from '../errors.ts';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Feature } from '../policy.ts';

export const configHelp = `serverkit-agent config show | path | allow SCOPE… | deny SCOPE… | allow managed  [-c CONFIG]

  show              what the configuration amounts to, defaults included
  path              where it is
  allow SCOPE…      raises what the control plane may do on this server; takes effect at once
  allow managed     leaves it to the control plane
  deny SCOPE…       lowers it

Scopes, or patterns of them (docker:*), which leave out those that amount to root:
  ${agentScopes.join('\n  ')}
`;

/** `config`: shows the configuration, and raises or lowers the ceiling. */
export async function configCommand({ configFile, words }: Arguments): Promise<ExitCode> {
  const [action, ...scopes] = words;
  switch (action) {
    case 'path':
      process.stdout.write(`${configFile}\n`);
      return exitCodes.ok;
    case 'show':
      process.stdout.write(show(loadConfig(configFile, false)));
      return exitCodes.ok;
    case 'allow':
      return change(configFile, scopes, allow);
    case 'deny':
      return change(configFile, scopes, deny);
    default:
      throw new CommandError(configHelp, exitCodes.usage);
  }
}

type Ceiling = readonly ScopePattern[] | 'managed';

async function change(
  configFile: string,
  words: readonly string[],
  apply: (ceiling: Ceiling, patterns: readonly string[]) => Ceiling,
): Promise<ExitCode> {
  const config = loadConfig(configFile, true);
  if (words.length === 0)
    throw new CommandError('Which scope? See serverkit-agent config --help.', exitCodes.usage);
  const ceiling = apply(config.security.scopes ?? [], words);
  try {
    editConfig(configFile, { 'security.scopes': ceiling });
  } catch (error) {
    throw new CommandError(`${configFile} cannot be changed: ${describe(error)}`);
  }
  process.stdout.write(
    ceiling === 'managed'
      ? 'What is allowed on this server is now what the control plane decides.\n'
      : `Allowed on this server at most: ${ceiling.join(' ') || 'nothing'}\n`,
  );
  const told = await askAgent(config.agent.stateDir, 'reload');
  process.stdout.write(
    told === undefined ? 'No agent runs; it counts from the next start.\n' : 'The agent took it over.\n',
  );
  return exitCodes.ok;
}

function allow(ceiling: Ceiling, words: readonly string[]): Ceiling {
  if (words.length === 1 && words[0] === 'managed') return 'managed';
  const added = patternsOf(words);
  return ceiling === 'managed' ? 'managed' : [...new Set([...ceiling, ...added])];
}

/** A pattern that grants what is denied gives way to the other scopes that it grants. */
function deny(ceiling: Ceiling, words: readonly string[]): Ceiling {
  const denied = new Set<string>(expand(patternsOf(words)));
  const patterns: readonly ScopePattern[] = ceiling === 'managed' ? ['*'] : ceiling;
  const agentOwned = new Set<string>(agentScopes);
  return [
    ...new Set(
      patterns.flatMap((pattern): ScopePattern[] => {
        const scopes = expand([pattern]).filter((scope) => agentOwned.has(scope));
        return scopes.some((scope) => denied.has(scope))
          ? scopes.filter((scope) => !denied.has(scope))
          : [pattern];
      }),
    ),
  ];
}

function patternsOf(words: readonly string[]): ScopePattern[] {
  return words.map((word) => {
    if (isScopePattern(word)) return word;
    throw new CommandError(
      `There is no scope "${word}". See serverkit-agent config --help.`,
      exitCodes.usage,
    );
  });
}

function show(config: Config): string {
  const { server, agent, auth, metrics, docker, terminals, shell, security, logging } = config;
  const on = (feature: Feature): boolean => !config.disabledFeatures.has(feature);
  const rows: [string, string | number | boolean | null | undefined][] = [
    ['server.url', server.url],
    ['server.insecure', server.insecure],
    ['server.ca_file', server.caFile],
    ['server.ca_sha256', server.caSha256],
    ['server.reconnect_interval', durationText(server.reconnectIntervalMs)],
    ['server.max_reconnect_interval', durationText(server.maxReconnectIntervalMs)],
    ['agent.id', agent.id],
    ['agent.name', agent.name],
    ['agent.state_dir', agent.stateDir],
    ['auth.key_file', auth.keyFile],
    ['features.docker', on('docker')],
    ['features.metrics', on('metrics')],
    ['features.logs', on('logs')],
    ['features.shell', on('shell')],
    ['metrics.interval', durationText(metrics.intervalMs)],
    ['metrics.include_per_cpu', metrics.includePerCpu],
    ['metrics.include_docker_stats', metrics.includeDockerStats],
    ['docker.socket', docker.socket],
    ['docker.timeout', durationText(docker.timeoutMs)],
    ['terminals.idle_timeout', durationText(terminals.idleTimeoutMs)],
    ['shell.account', shell.account],
    ['shell.socket', shell.socket],
    ['security.scopes', security.scopes === 'managed' ? 'managed' : security.scopes?.join(' ')],
    ['security.denied_paths', security.deniedPaths.join(' ')],
    ['logging.level', logging.level],
    ['logging.file', logging.file],
    ['logging.max_size', sizeText(logging.maxSizeBytes)],
    ['logging.max_backups', logging.maxBackups],
  ];
  return rows
    .map(
      ([key, value]) =>
        `${key.padEnd(32)}${value === null || value === undefined || value === '' ? '-' : value}\n`,
    )
    .join('');
}
