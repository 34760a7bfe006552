import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';

/** Terminals that end are not heard of by whoever looks here, so the oldest give way. One forgotten is on record twice. */
const mostKnown = 10_000;

/**
 * Who takes part in which terminal. What is typed is not on record, so it must be who could have typed it: whoever opened a
 * terminal is, by opening it; everybody else is put there when they first look or type.
 */
export class Attendance {
  readonly #audit: Audit;
  readonly #db: Database;
  /** A terminal and a person, and whether they are on record yet. */
  readonly #known = new Map<string, Promise<void>>();

  constructor({ audit, db }: { readonly audit: Audit; readonly db: Database }) {
    this.#audit = audit;
    this.#db = db;
  }

  /**
   * @param find - asks who opened it
   * @throws what `find` throws, or the database
   */
  enter(
    actor: Actor,
    terminalId: string,
    serverId: string,
    find: () => Promise<{ readonly actor: string; readonly containerId: string | null }>,
  ): Promise<void> {
    // A token acts for its owner, but is not its owner.
    const who = 'id' in actor ? `${actor.kind} ${actor.label} ${actor.id}` : actor.kind;
    const key = `${serverId} ${terminalId} ${who}`;
    const known = this.#known.get(key);
    if (known) return known;
    const entering = this.#enter(actor, terminalId, serverId, find);
    this.#known.set(key, entering);
    // Whoever comes again asks again.
    entering.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    return entering;
  }

  async #enter(
    actor: Actor,
    terminalId: string,
    serverId: string,
    find: () => Promise<{ readonly actor: string; readonly containerId: string | null }>,
  ): Promise<void> {
    const { actor: opener, containerId } = await find();
    if (actor.kind === 'user' && actor.id === opener) return;
    await this.#audit.record(this.#db.prisma, {
      actor,
      action: 'terminal.join',
      serverId,
      target:
        containerId === null ? { kind: 'server', id: serverId } : { kind: 'container', id: containerId },
      parameters: { terminalId, openedBy: opener },
    });
  }
}
