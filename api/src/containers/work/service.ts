import type { LimitsSpec, RestartPolicySpec } from '@serverkit/wire/container-spec.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Asker } from '../../agents/asker.ts';
import type { AgentService } from '../../agents/service.ts';
import { ServerKitError } from '../../errors.ts';
import type {
  ContainerFileChangesQuery,
  ContainerProcessesQuery,
  ContainerPrunePreviewQuery,
  ExecInContainerMutation,
  PruneContainersMutation,
  RevealContainerEnvironmentMutation,
} from '../../generated/agent/graphql.ts';
import type { HandedSecret } from '../../secrets/service.ts';
import type { AgentContainer } from '../mirror.ts';
import {
  CommitContainerDocument,
  ContainerFileChangesDocument,
  ContainerProcessesDocument,
  ContainerPrunePreviewDocument,
  ContainerSecretsDocument,
  DuplicateContainerDocument,
  ExecInContainerDocument,
  PruneContainersDocument,
  RevealContainerEnvironmentDocument,
  UpdateContainerDocument,
} from './operations.ts';

/** Who asks, and what of it only the agent can tell whether it is needed. */
export interface WorkAsker extends Asker {
  /** Held on this server, for containers that reach beyond themselves. */
  readonly heldScopes: readonly AgentScope[];
}

export interface WorkTarget {
  readonly serverId: string;
  readonly id: string;
  /** The container's name, for the audit. */
  readonly name: string;
}

export type ProcessTable = ContainerProcessesQuery['containerProcesses'];
export type FileChanges = ContainerFileChangesQuery['containerFileChanges'];
export type RevealedVariable = RevealContainerEnvironmentMutation['revealContainerEnvironment'][number];
export type ExecResult = ExecInContainerMutation['execInContainer'];
export type PruneCandidate = ContainerPrunePreviewQuery['containerPrunePreview'][number];
export type PruneOutcome = PruneContainersMutation['pruneContainers'];

export interface ExecOptions {
  readonly command: readonly string[];
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutSeconds: number;
}

export interface ContainerUpdate {
  readonly limits: LimitsSpec | null;
  readonly restartPolicy: RestartPolicySpec | null;
}

export interface DuplicateOptions {
  readonly name: string;
  readonly publishedPorts: boolean;
  readonly start: boolean;
  /** Those that it was given, with their values of now. */
  readonly secrets: readonly HandedSecret[];
}

export interface CommitOptions {
  readonly reference: string;
  readonly comment: string | null;
  readonly author: string | null;
  readonly pause: boolean;
}

const read = { scopes: ['docker:containers:read'] } as const;
/** To measure or delete what many containers wrote. Ms. */
const slowMs = 150_000;
/** To write down what a container wrote as a layer. Ms. */
const commitMs = 630_000;
/** What Docker needs besides to make, start or end something. Ms. */
const dockerMs = 90_000;

/** What is done in, to and with containers beyond their state. Nothing of it is kept here. */
export class ContainerWork {
  readonly #agents: AgentService;

  constructor(agents: AgentService) {
    this.#agents = agents;
  }

  /** @throws ServerKitError AGENT_OFFLINE, NOT_FOUND, CONFLICT when it does not run, … */
  async processes(serverId: string, id: string, actor: string): Promise<ProcessTable> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(ContainerProcessesDocument, { id }, { actor, ...read })).containerProcesses;
  }

  /** @throws ServerKitError AGENT_OFFLINE, NOT_FOUND, … */
  async fileChanges(serverId: string, id: string, actor: string): Promise<FileChanges> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(ContainerFileChangesDocument, { id }, { actor, ...read })).containerFileChanges;
  }

  /** @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async prunePreview(serverId: string, actor: string): Promise<PruneCandidate[]> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, ...read, timeoutMs: slowMs };
    return (await link.run(ContainerPrunePreviewDocument, {}, call)).containerPrunePreview;
  }

  /** Names of the secrets that it was given; none where its agent is away, which whatever is done next will say. */
  async secretsOf(serverId: string, id: string, actor: string): Promise<string[]> {
    const link = this.#agents.links.get(serverId);
    if (!link) return [];
    return (await link.run(ContainerSecretsDocument, { id }, { actor, ...read })).containerSecrets;
  }

  /** On record, as every command is. @throws ServerKitError */
  async reveal(target: WorkTarget, asker: WorkAsker): Promise<RevealedVariable[]> {
    const answer = await this.#agents.commands.run({
      ...command(target, 'container.reveal-environment', asker),
      scope: 'docker:containers:exec',
      document: RevealContainerEnvironmentDocument,
      variables: { id: target.id },
    });
    return known(answer).revealContainerEnvironment;
  }

  /** @throws ServerKitError PERMISSION_DENIED, CONFLICT, OUTCOME_UNKNOWN, … */
  async exec(target: WorkTarget, options: ExecOptions, asker: WorkAsker): Promise<ExecResult> {
    const { command: words, environment, ...others } = options;
    const answer = await this.#agents.commands.run({
      ...command(target, 'container.exec', asker),
      scope: 'docker:containers:exec',
      document: ExecInContainerDocument,
      variables: { id: target.id, command: [...words], environment: [...environment], ...others },
      // Its arguments may be secrets.
      parameters: { program: (words[0] ?? '').slice(0, 200).toWellFormed(), arguments: words.length - 1 },
      timeoutMs: options.timeoutSeconds * 1000 + dockerMs,
    });
    return known(answer).execInContainer;
  }

  /** @returns null when it was done and the answer was lost */
  async update(
    target: WorkTarget,
    { limits, restartPolicy }: ContainerUpdate,
    asker: WorkAsker,
  ): Promise<AgentContainer | null> {
    const answer = await this.#agents.commands.run({
      ...command(target, 'container.update', asker),
      document: UpdateContainerDocument,
      variables: { id: target.id, limits, restartPolicy },
      parameters: told({ ...limits, restartPolicy: restartPolicy?.name }),
    });
    return answer?.container ?? null;
  }

  /** @throws ServerKitError CONFLICT for a name that is taken, … */
  async duplicate(
    target: WorkTarget,
    { secrets, ...options }: DuplicateOptions,
    asker: WorkAsker,
  ): Promise<AgentContainer | null> {
    const answer = await this.#agents.commands.run({
      ...command(target, 'container.duplicate', asker),
      document: DuplicateContainerDocument,
      variables: { id: target.id, ...options, secrets: [...secrets] },
      parameters: { ...options },
      timeoutMs: dockerMs,
    });
    return answer?.container ?? null;
  }

  /** @returns the id of the image */
  async commit(target: WorkTarget, options: CommitOptions, asker: WorkAsker): Promise<string> {
    const answer = await this.#agents.commands.run({
      ...command(target, 'container.commit', asker),
      scope: 'docker:containers:exec',
      document: CommitContainerDocument,
      variables: { id: target.id, ...options },
      parameters: { reference: options.reference },
      timeoutMs: commitMs,
    });
    return known(answer).commitContainer.imageId;
  }

  async prune(
    serverId: string,
    ids: readonly string[],
    removeVolumes: boolean,
    { actor, signal, heldScopes }: WorkAsker,
  ): Promise<PruneOutcome> {
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      heldScopes,
      action: 'container.prune',
      scope: 'docker:containers:write',
      document: PruneContainersDocument,
      variables: { ids: [...ids], removeVolumes },
      parameters: { containers: ids.length, removeVolumes },
      timeoutMs: slowMs,
    });
    return known(answer).pruneContainers;
  }
}

function command(
  { serverId, id, name }: WorkTarget,
  action: string,
  { actor, signal, heldScopes }: WorkAsker,
) {
  return {
    serverId,
    actor,
    signal,
    heldScopes,
    action,
    target: { kind: 'container', id, name },
    scope: 'docker:containers:write',
  } as const;
}

function told<Value>(values: Readonly<Record<string, Value | null | undefined>>): Record<string, Value> {
  const entries = Object.entries(values).flatMap(([key, value]): [string, Value][] =>
    value === null || value === undefined ? [] : [[key, value]],
  );
  return Object.fromEntries(entries);
}

/** Where nothing but the answer tells what came of it. */
function known<Answer>(answer: Answer | null): Answer {
  if (answer !== null) return answer;
  throw new ServerKitError(
    'OUTCOME_UNKNOWN',
    'It was done, but the link broke before the answer was here. Look at the server.',
  );
}
