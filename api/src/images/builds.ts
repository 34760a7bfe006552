import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { sendPieces } from '../agents/send-pieces.ts';
import type { AgentService } from '../agents/service.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import { holderOf, type PersonPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError } from '../errors.ts';
import type { TransferEnd } from '../http/transfer.ts';
import { Tickets, type Ticket } from '../http/tickets.ts';
import { newId } from '../ids.ts';
import type { Jobs } from '../jobs/service.ts';
import { imageBuild } from './jobs.ts';
import {
  AbortBuildContextDocument,
  BuildImageFromContextDocument,
  OpenBuildContextDocument,
  WriteBuildContextDocument,
} from './operations.ts';

/** What a build is told besides what it builds from. */
export interface BuildSettings {
  readonly arguments: readonly { readonly name: string; readonly value: string }[];
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly tag: string;
}

export interface ArchiveBuildRequest extends BuildSettings {
  readonly serverId: string;
  /** Where the Dockerfile is in the archive. */
  readonly dockerfilePath: string;
  /** Of the archive. */
  readonly sizeBytes: number;
}

/** What a ticket stands for. */
export interface ArchiveBuild {
  /** As the agent knows the archive. */
  readonly id: string;
  readonly request: ArchiveBuildRequest;
  readonly principal: PersonPrincipal;
  readonly actor: Actor;
}

const scope = 'docker:images:write' satisfies AgentScope;

/** Of the values of a build only their names are kept. */
export function keptOf({ arguments: values, noCache, pull }: BuildSettings) {
  return { arguments: values.map(({ name }) => name), noCache, pull };
}

/** What a build is to make, for the record. */
export function targetOf({ tag }: BuildSettings): AuditTarget {
  return { kind: 'image', id: tag };
}

/** Images that are built from an archive: it is sent to the agent first, and the job begins once all of it is there. */
export class ArchiveBuilds {
  readonly #agents: AgentService;
  readonly #audit: Audit;
  readonly #db: Database;
  readonly #jobs: Jobs;
  readonly #tickets = new Tickets<ArchiveBuild>();

  constructor({
    agents,
    audit,
    db,
    jobs,
  }: {
    readonly agents: AgentService;
    readonly audit: Audit;
    readonly db: Database;
    readonly jobs: Jobs;
  }) {
    this.#agents = agents;
    this.#audit = audit;
    this.#db = db;
    this.#jobs = jobs;
  }

  /**
   * Has the agent wait for an archive, and gives the ticket for it. That it was refused is put on record.
   *
   * @throws ServerKitError INPUT_INVALID for one that is too large, CONFLICT where there is no room, AGENT_OFFLINE, …
   */
  async offer(offer: Omit<ArchiveBuild, 'id'>, signal: AbortSignal): Promise<Ticket> {
    const build = { ...offer, id: newId('upload') };
    const { serverId, sizeBytes } = build.request;
    const begun = performance.now();
    const ticket = this.#tickets.issue(holderOf(build.principal), build);
    try {
      const link = await this.#agents.commands.link(serverId, scope);
      const variables = { id: build.id, sizeBytes };
      await link.run(OpenBuildContextDocument, variables, {
        actor: nameOf(build.actor),
        scopes: [scope],
        signal,
      });
    } catch (error) {
      this.#tickets.take(ticket.secret);
      const code = isServerKitError(error) ? error.code : 'INTERNAL';
      await this.#failed(build, { bytes: 0, code, durationMs: performance.now() - begun });
      throw error;
    }
    return ticket;
  }

  /** To the first who asks. */
  take(secret: string): ArchiveBuild | undefined {
    return this.#tickets.take(secret);
  }

  /** Sends the archive to the agent. @returns its SHA-256 @throws ServerKitError */
  async send(
    { id, request, actor }: ArchiveBuild,
    pieces: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<string> {
    const link = await this.#agents.commands.link(request.serverId, scope);
    return sendPieces(pieces, (piece) =>
      link.run(
        WriteBuildContextDocument,
        { id, ...piece },
        { actor: nameOf(actor), scopes: [scope], signal },
      ),
    );
  }

  /** Begins to build from what came. @throws ServerKitError INPUT_INVALID for what is no archive, … */
  async begin({ id, request, actor }: ArchiveBuild, sha256: string): Promise<Job> {
    const { serverId, dockerfilePath: dockerfile, sizeBytes: bytes, ...settings } = request;
    return this.#jobs.start(imageBuild, {
      serverId,
      target: targetOf(settings),
      parameters: { ...keptOf(settings), dockerfilePath: dockerfile, bytes },
      actor,
      document: BuildImageFromContextDocument,
      variables: (jobId) => ({
        jobId,
        contextId: id,
        sha256,
        dockerfile,
        ...settings,
        arguments: [...settings.arguments],
      }),
    });
  }

  /** Gives up one whose archive did not come whole. */
  async dropped(build: ArchiveBuild, end: TransferEnd): Promise<void> {
    await this.#failed(build, end);
    const { id, actor, request } = build;
    const link = this.#agents.links.get(request.serverId);
    // An agent that does not hear of it gives it up by itself.
    await link
      ?.run(AbortBuildContextDocument, { id }, { actor: nameOf(actor), scopes: [scope], timeoutMs: 5_000 })
      .catch(() => undefined);
  }

  async #failed({ request, actor }: ArchiveBuild, { bytes, code, durationMs }: TransferEnd): Promise<void> {
    const refused = code === 'AGENT_REFUSED' || code === 'PERMISSION_DENIED';
    await this.#audit.record(this.#db.prisma, {
      actor,
      action: imageBuild.name,
      serverId: request.serverId,
      target: targetOf(request),
      parameters: { ...keptOf(request), dockerfilePath: request.dockerfilePath, bytes },
      durationMs,
      outcome: refused ? 'refused' : 'failed',
      ...(code !== null && { code }),
    });
  }
}

function nameOf(actor: Actor): string {
  return personOf(actor) ?? actor.kind;
}
