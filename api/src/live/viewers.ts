import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { credentialOf, isPerson, type PersonPrincipal } from '../context.ts';
import { permissionDenied } from '../errors.ts';
import { holds, scopeOf } from '../graphql/access.ts';
import type { PrincipalChange } from '../identity/events.ts';
import { viewerCloseCodes } from './close-codes.ts';
import type { Connection } from './connection.ts';

/** Sessions and tokens asked about in one query. */
const batch = 500;

/** After a database that did not answer, with people waiting. Milliseconds. */
const retryMs = 1_000;

/** Who these sessions and API tokens stand for now; those that ended are missing. */
export type Renew = (credentialIds: readonly string[]) => Promise<ReadonlyMap<string, PersonPrincipal>>;

/** The longest a timer can be set to, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Every open socket, and what happens to those whose owner's rights change. */
export class Viewers {
  readonly #renew: Renew;
  readonly #log: Logger;
  readonly #all = new Set<Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
  /** For those whose token expires. */
  readonly #expiries = new Map<Connection, NodeJS.Timeout>();
  /** Sockets without a session, by address. */
  readonly #strangers = new Map<string, number>();
  /** Grows with every change, so that one who is just signing in can tell whether to look again. */
  #changes = 0;

  constructor(renew: Renew, log: Logger) {
    this.#renew = renew;
    this.#log = log;
  }

  get all(): ReadonlySet<Connection> {
    return this.#all;
  }

  get changes(): number {
    return this.#changes;
  }

  strangersFrom(address: string): number {
    return this.#strangers.get(address) ?? 0;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    this.#countStranger(connection, 1);
  }

  /** From here on changes of this person's rights reach the socket. */
  identify(connection: Connection, principal: PersonPrincipal): void {
    this.#countStranger(connection, -1);
    connection.principal = principal;
    this.#watchExpiry(connection);
    const theirs = this.#byUser.get(principal.user.id);
    if (theirs) theirs.add(connection);
    else this.#byUser.set(principal.user.id, new Set([connection]));
  }

  remove(connection: Connection): void {
    this.#all.delete(connection);
    const { principal } = connection;
    clearTimeout(this.#expiries.get(connection));
    this.#expiries.delete(connection);
    if (!isPerson(principal)) return this.#countStranger(connection, -1);
    const theirs = this.#byUser.get(principal.user.id);
    theirs?.delete(connection);
    if (theirs?.size === 0) this.#byUser.delete(principal.user.id);
  }

  #countStranger({ facts: { address } }: Connection, by: 1 | -1): void {
    const count = this.strangersFrom(address) + by;
    if (count > 0) this.#strangers.set(address, count);
    else this.#strangers.delete(address);
  }

  /** A token ends at a moment that nobody announces, and that needs nobody to be asked. */
  #watchExpiry(connection: Connection): void {
    const { principal } = connection;
    if (principal.kind !== 'token' || principal.token.expiresAt === null) return;
    const left = principal.token.expiresAt.getTime() - Date.now();
    if (left <= 0) return apply(connection, undefined);
    const timer = setTimeout(() => this.#watchExpiry(connection), Math.min(left, longestTimer)).unref();
    this.#expiries.set(connection, timer);
  }

  /** Takes effect at once: until it is known what those concerned may do now, nothing more is sent to them. */
  async changed(change: PrincipalChange): Promise<void> {
    this.#changes += 1;
    if ('places' in change) return this.#moved();
    const { userId, credentialId } = change;
    const theirs = [...(this.#byUser.get(userId) ?? [])].filter(
      (one) => credentialId === undefined || credential(one) === credentialId,
    );
    for (const connection of theirs) connection.unsettle();
    while (!(await this.recheck(theirs)) && theirs.some(({ open }) => open)) {
      await delay(retryMs, undefined, { ref: false });
    }
  }

  /** Where servers are is in memory: nothing has to be asked. */
  #moved(): void {
    for (const connection of this.#all) {
      const { principal, unsettled } = connection;
      // Who is being asked about is answered with the places as they are by then.
      if (!isPerson(principal) || unsettled) continue;
      const rights = principal.rights.now();
      if (rights !== principal.rights) apply(connection, { ...principal, rights });
    }
  }

  /**
   * Asks the database who these are now.
   * @returns whether it answered; when not, nothing changes, as the next check comes soon
   */
  async recheck(connections: Iterable<Connection> = this.#all): Promise<boolean> {
    const signedIn = [...connections].filter((one) => credential(one) !== undefined);
    for (let start = 0; start < signedIn.length; start += batch) {
      const some = signedIn.slice(start, start + batch).map((one) => ({ one, doubts: one.doubts }));
      const ids = new Set(some.map(({ one }) => credential(one)).filter((id) => id !== undefined));
      try {
        const now = await this.#renew([...ids]);
        for (const { one, doubts } of some) {
          // Something changed again while we asked: that is being asked about too.
          if (one.open && doubts === one.doubts) apply(one, now.get(credential(one) ?? ''));
        }
      } catch (error) {
        this.#log.error({ err: error }, 'the rights behind open sockets could not be checked');
        return false;
      }
    }
    return true;
  }
}

function credential({ principal }: Connection): string | undefined {
  return isPerson(principal) ? credentialOf(principal) : undefined;
}

/**
 * Ends what is no longer allowed: the socket with its session or token, an operation with what it needs. What still is
 * goes on with the rights held now.
 */
function apply(connection: Connection, now: PersonPrincipal | undefined): void {
  if (!now) return connection.close(viewerCloseCodes.unauthorized, 'Your session or API token ended.');
  const before = connection.principal;
  connection.principal = now;
  const change = { before: before.rights, now: now.rights };
  const same = change.before === change.now || change.before.key === change.now.key;
  for (const operation of connection.operations.values()) {
    const lost = same ? undefined : operation.needs.find((need) => holds(before, need) && !holds(now, need));
    if (lost) operation.fail(permissionDenied(scopeOf(lost.access)));
    else if (same) operation.revisable?.resume();
    else operation.revisable?.revise(change);
  }
  connection.settle();
}
