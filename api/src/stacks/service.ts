import { secretsNamed } from '@serverkit/wire/compose-secrets.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { presentable } from '../agents/agent-errors.ts';
import { allPages } from '../agents/all-pages.ts';
import type { Asked } from '../agents/ask-each.ts';
import type { AgentLink, Agents } from '../agents/link.ts';
import { seenServers } from '../agents/seen-servers.ts';
import type { Sees } from '../access/sees.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import { containerChanges, type ContainerChange, type ContainerMirror } from '../containers/service.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type {
  StackPlanQuery,
  StackSecretsQuery,
  StackSourceQuery,
  StackVersionsQuery,
} from '../generated/agent/graphql.ts';
import type { Topics } from '../live/topics.ts';
import { projectOf, stacksOf, type AgentStack } from './from-containers.ts';
import {
  StackDocument,
  StackFilesDocument,
  StackPlanDocument,
  StackSecretsDocument,
  StackSourceDocument,
  StacksDocument,
  StackVersionsDocument,
} from './operations.ts';

export { deploy } from './deployment.ts';
export { stackDeploy, stackPull } from './jobs.ts';
export { refreshing } from './refreshing.ts';

/** A stack together with where and when it was seen. */
export interface SeenStack {
  readonly serverId: string;
  readonly stack: AgentStack;
  readonly observedAt: Date;
}

/** The services of a stack, as their containers were last told of. */
export interface ServicesNow {
  readonly serverId: string;
  readonly name: string;
  readonly services: AgentStack['services'];
  readonly observedAt: Date;
}

/** The two files that make a stack. They may hold secrets. */
export interface StackFiles {
  readonly compose: string;
  readonly env: string;
}

export type StackPlan = StackPlanQuery['stackPlan'] & { readonly serverId: string; readonly name: string };
export type StackSecrets = StackSecretsQuery['stackSecrets'];
export type StackSource = StackSourceQuery['stackSource'] & { readonly serverId: string };
export type StackVersion = StackVersionsQuery['stackVersions'][number];

/** How long a list waits for an agent before it falls back to what was last seen. Milliseconds. */
const listMs = 5_000;
/** Compose reads the file three times at most, and the first Compose takes a second for each. Milliseconds. */
const planMs = 120_000;

const reads = ['docker:compose:read'] as const;
/** What shows a stack's files takes the right to deploy it: they hold what its containers are told in confidence. */
const readsFiles = ['docker:compose:read', 'docker:compose:write'] as const;

export interface PlanAsker {
  readonly actor: string;
  /** Of docker:containers:privileged, if they hold it: a stack that was taken over takes it. */
  readonly heldScopes: readonly AgentScope[];
}

/** Who reads the files of a stack, which may hold secrets. */
export interface FilesReader {
  readonly actor: Actor;
  /** As whom the agent is asked. */
  readonly asker: string;
}

export interface StacksNeeds {
  readonly audit: Pick<Audit, 'record'>;
  readonly db: Database;
  readonly agents: Agents;
  readonly mirror: ContainerMirror;
  readonly topics: Topics;
}

/** Compose stacks, which live on servers: their files and versions are kept there, and nothing of them here. */
export class Stacks {
  readonly #audit: StacksNeeds['audit'];
  readonly #db: Database;
  readonly #agents: Agents;
  readonly #mirror: ContainerMirror;
  readonly #topics: Topics;

  constructor({ audit, db, agents, mirror, topics }: StacksNeeds) {
    this.#audit = audit;
    this.#topics = topics;
    this.#db = db;
    this.#agents = agents;
    this.#mirror = mirror;
  }

  /**
   * The stacks of a server, by name: asked of its agent while it is linked, else what its containers told when they were
   * last seen; null when they never were.
   *
   * @throws ServerKitError what the agent said, unless it merely did not answer
   */
  async list(serverId: string, actor: string): Promise<SeenStack[] | null> {
    try {
      return await this.#now(serverId, actor);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      return this.#lastSeen(serverId);
    }
  }

  /** @throws ServerKitError AGENT_OFFLINE, … */
  async #now(serverId: string, actor: string): Promise<SeenStack[]> {
    const link = this.#agents.require(serverId);
    const observedAt = new Date();
    return (await this.#ask(link, actor)).map((stack) => ({ serverId, stack, observedAt }));
  }

  /** The stacks of a server, and why they are not as they are now. */
  async #look(serverId: string, actor: string): Promise<Asked<SeenStack[]>> {
    try {
      return { serverId, answer: await this.#now(serverId, actor), error: null };
    } catch (error) {
      return { serverId, answer: isUnreachable(error) ? await this.#lastSeen(serverId) : null, error };
    }
  }

  async #lastSeen(serverId: string): Promise<SeenStack[] | null> {
    const seen = await this.#mirror.get(serverId);
    if (!seen) return null;
    const { observedAt } = seen;
    return stacksOf(seen.containers.values()).map((stack) => ({ serverId, stack, observedAt }));
  }

  /** Null when there is none of that name. @throws ServerKitError as {@link list} */
  async find(serverId: string, name: string, actor: string): Promise<SeenStack | null> {
    const link = this.#linked(serverId);
    if (link) {
      try {
        const { stack } = await link.run(
          StackDocument,
          { name },
          { actor, scopes: reads, timeoutMs: listMs },
        );
        return stack && { serverId, stack, observedAt: new Date() };
      } catch (error) {
        if (!isUnreachable(error)) throw error;
      }
    }
    return (await this.list(serverId, actor))?.find(({ stack }) => stack.name === name) ?? null;
  }

  /** What the services of a stack do, by what is known of the server's containers; without any when nothing is. */
  services(serverId: string, name: string): ServicesNow {
    const seen = this.#mirror.peek(serverId);
    const own = [...(seen?.containers.values() ?? [])].filter((container) => projectOf(container) === name);
    const services = stacksOf(own)[0]?.services ?? [];
    return { serverId, name, services, observedAt: seen?.observedAt ?? new Date() };
  }

  /** Each time that something may have happened to a stack; what it is then, {@link services} tells. */
  changes(
    serverId: string,
    name: string,
    signal: AbortSignal,
  ): AsyncIterableIterator<Pick<ContainerChange, 'serverId'>, undefined> {
    return this.#topics.subscribe(containerChanges, {
      channels: [serverId],
      // Of a container that is gone only its id is told.
      where: ({ kind, containers, removedIds }) =>
        kind === 'SNAPSHOT' ||
        removedIds.length > 0 ||
        containers.some((container) => projectOf(container) === name),
      signal,
    });
  }

  /**
   * Stacks of every server that is seen, or of those named, by server and name. Of one that does not answer they are as
   * last seen, or not known, together with the reason.
   */
  async fleet(serverIds: readonly string[] | null, sees: Sees, actor: string): Promise<Asked<SeenStack[]>[]> {
    const ids = await seenServers(this.#db, serverIds, sees);
    return Promise.all(ids.map((id) => this.#look(id, actor)));
  }

  /**
   * As they stand on the server now, or as they were deployed; null where the agent does not keep them. That they are
   * told is on record before they are.
   *
   * @throws ServerKitError
   */
  async files(
    {
      serverId,
      name,
      version = null,
    }: { readonly serverId: string; readonly name: string; readonly version?: number | null },
    reader: FilesReader,
  ): Promise<StackFiles | null> {
    const link = this.#agents.require(serverId);
    const call = { actor: reader.asker, scopes: readsFiles, timeoutMs: listMs };
    const { stackFiles } = await link.run(StackFilesDocument, { name, version }, call);
    if (stackFiles) await this.readBy(reader, serverId, name, version === null ? {} : { version });
    return stackFiles;
  }

  /**
   * The files of a stack made elsewhere, or of one to be made from files that lie on the server already.
   *
   * @param path - of the Compose file or its folder; null for where Compose noted it
   * @param scopes - of docker:containers:privileged, if the one who asks holds it
   * @throws ServerKitError
   */
  async source(
    {
      serverId,
      name,
      path,
    }: { readonly serverId: string; readonly name: string; readonly path: string | null },
    reader: FilesReader,
    scopes: readonly AgentScope[],
  ): Promise<StackSource> {
    const link = this.#agents.require(serverId);
    const call = { actor: reader.asker, scopes: [...readsFiles, ...scopes], timeoutMs: listMs };
    const { stackSource } = await link.run(StackSourceDocument, { name, path }, call);
    await this.readBy(reader, serverId, name, { folder: stackSource.folder });
    return { ...stackSource, serverId };
  }

  /** Puts on record that the files of a stack are told. */
  readBy(
    { actor }: FilesReader,
    serverId: string,
    name: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const target = { kind: 'stack', id: name };
    return this.#audit.record(this.#db.prisma, {
      actor,
      action: 'stack.read-files',
      target,
      serverId,
      parameters,
    });
  }

  /** Newest first. @throws ServerKitError */
  async versions(serverId: string, name: string, actor: string): Promise<StackVersion[]> {
    const link = this.#agents.require(serverId);
    return (await link.run(StackVersionsDocument, { name }, { actor, scopes: reads, timeoutMs: listMs }))
      .stackVersions;
  }

  /** The images of the newest version, and of the containers that are there. @throws ServerKitError */
  async images(serverId: string, name: string, actor: string): Promise<string[]> {
    const [[newest], seen] = await Promise.all([
      this.versions(serverId, name, actor),
      this.find(serverId, name, actor),
    ]);
    return [
      ...(newest?.services.map(({ image }) => image) ?? []),
      ...(seen?.stack.services.flatMap(({ containers }) => containers.map(({ image }) => image)) ?? []),
    ];
  }

  /**
   * Which secrets deploying these files takes, or those of a version, and which the version before had; by name. A server
   * is not believed what it asks for: of files that is read here, and all else was handed to it for this stack before.
   *
   * @throws ServerKitError CONFLICT where a version asks for more than that
   */
  async secretsOf(
    serverId: string,
    {
      name,
      files = null,
      version = null,
    }: { readonly name: string; readonly files?: StackFiles | null; readonly version?: number | null },
    actor: string,
  ): Promise<StackSecrets> {
    const link = this.#agents.require(serverId);
    const call = { actor, scopes: readsFiles, timeoutMs: listMs };
    const { stackSecrets } = await link.run(StackSecretsDocument, { name, files, version }, call);
    const rows = await this.#db.prisma.stackSecret.findMany({ where: { serverId, stack: name } });
    const handed = new Set(rows.map((row) => row.name));
    const before = stackSecrets.before.filter((secret) => handed.has(secret));
    if (files) return { needed: secretsNamed(files.compose), before };
    const unknown = stackSecrets.needed.find((secret) => !handed.has(secret));
    if (unknown === undefined) return { needed: stackSecrets.needed, before };
    throw new ServerKitError(
      'CONFLICT',
      `The server asks for the secret "${presentable(unknown)}", which it was never given for ${name}. Where the stack is to have it, deploy its files once more.`,
    );
  }

  /** What deploying these files would do. @throws ServerKitError */
  async plan(
    serverId: string,
    name: string,
    files: StackFiles,
    { actor, heldScopes }: PlanAsker,
  ): Promise<StackPlan> {
    const link = this.#agents.require(serverId);
    const call = { actor, scopes: [...readsFiles, ...heldScopes], timeoutMs: planMs };
    const { stackPlan } = await link.run(StackPlanDocument, { name, files }, call);
    return { ...stackPlan, serverId, name };
  }

  #linked(serverId: string): AgentLink | undefined {
    const link = this.#agents.get(serverId);
    return link && !link.closed.aborted ? link : undefined;
  }

  async #ask(link: AgentLink, actor: string): Promise<AgentStack[]> {
    return allPages(
      async (after) =>
        (await link.run(StacksDocument, { after }, { actor, scopes: reads, timeoutMs: listMs })).stacks,
    );
  }
}

function isUnreachable(error: unknown): boolean {
  return (
    isServerKitError(error, 'AGENT_OFFLINE') ||
    isServerKitError(error, 'AGENT_TIMEOUT') ||
    isServerKitError(error, 'OUTCOME_UNKNOWN') ||
    isServerKitError(error, 'UNSUPPORTED_BY_AGENT') ||
    isServerKitError(error, 'DOCKER_UNAVAILABLE')
  );
}
