import type { Logger } from 'pino';
import type { UserPrincipal } from '../context.ts';
import { permissionDenied } from '../errors.ts';
import type { PrincipalChange } from '../identity/events.ts';
import { viewerCloseCodes } from './close-codes.ts';
import type { Connection } from './connection.ts';

/** Sessions asked about in one query. */
const batch = 500;

export type Renew = (sessionIds: readonly string[]) => Promise<ReadonlyMap<string, UserPrincipal>>;

/** Every open socket, and what happens to those whose owner's rights change. */
export class Viewers {
  readonly #renew: Renew;
  readonly #log: Logger;
  readonly #all = new Set<Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
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
  identify(connection: Connection, principal: UserPrincipal): void {
    this.#countStranger(connection, -1);
    connection.principal = principal;
    const theirs = this.#byUser.get(principal.user.id);
    if (theirs) theirs.add(connection);
    else this.#byUser.set(principal.user.id, new Set([connection]));
  }

  remove(connection: Connection): void {
    this.#all.delete(connection);
    const { principal } = connection;
    if (principal.kind !== 'user') return this.#countStranger(connection, -1);
    const theirs = this.#byUser.get(principal.user.id);
    theirs?.delete(connection);
    if (theirs?.size === 0) this.#byUser.delete(principal.user.id);
  }

  #countStranger({ facts: { address } }: Connection, by: 1 | -1): void {
    const count = this.strangersFrom(address) + by;
    if (count > 0) this.#strangers.set(address, count);
    else this.#strangers.delete(address);
  }

  async changed({ userId, sessionId }: PrincipalChange): Promise<void> {
    this.#changes += 1;
    const theirs = [...(this.#byUser.get(userId) ?? [])];
    await this.recheck(sessionId ? theirs.filter((one) => sessionOf(one) === sessionId) : theirs);
  }

  /** Asks the database who these are now; a failure changes nothing, as the next check comes soon. */
  async recheck(connections: Iterable<Connection> = this.#all): Promise<void> {
    const signedIn = [...connections].filter((one) => sessionOf(one) !== undefined);
    for (let start = 0; start < signedIn.length; start += batch) {
      const some = signedIn.slice(start, start + batch);
      const ids = new Set(some.map(sessionOf).filter((id) => id !== undefined));
      try {
        const now = await this.#renew([...ids]);
        for (const connection of some) apply(connection, now.get(sessionOf(connection) ?? ''));
      } catch (error) {
        this.#log.error({ err: error }, 'the rights behind open sockets could not be checked');
        return;
      }
    }
  }
}

function sessionOf({ principal }: Connection): string | undefined {
  return principal.kind === 'user' ? principal.sessionId : undefined;
}

/** Ends what is no longer allowed: the socket with its session, an operation with a scope it needs. */
function apply(connection: Connection, now: UserPrincipal | undefined): void {
  if (!now) return connection.close(viewerCloseCodes.unauthorized, 'Your session ended. Sign in again.');
  const before = connection.principal.rights.everywhere;
  connection.principal = now;
  if (now.rights.everywhere === before) return;
  for (const operation of connection.operations.values()) {
    const lost = [...(operation.analysis?.scopes ?? [])].find(
      (scope) => before.has(scope) && !now.rights.everywhere.has(scope),
    );
    if (lost) operation.fail(permissionDenied(lost));
  }
}
