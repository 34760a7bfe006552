/** Which events; what is left out, or null, does not matter. */
export interface AuditFilter {
  /** An action, or a noun for all of its actions. */
  readonly action?: string | null | undefined;
  readonly actorId?: string | null | undefined;
  readonly actorKind?: string | null | undefined;
  /** At this moment or later. */
  readonly from?: Date | null | undefined;
  readonly outcome?: string | null | undefined;
  readonly serverId?: string | null | undefined;
  readonly targetId?: string | null | undefined;
  /** Before this moment. */
  readonly to?: Date | null | undefined;
}

/** Conditions of a WHERE and the values of their placeholders, which begin at $1. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #parts: string[] = [];

  /** @param text - with `?` for each of the values */
  add(text: string, ...values: readonly unknown[]): void {
    const parts = text.split('?');
    this.#parts.push(
      parts.reduce((sql, part, index) => {
        this.values.push(values[index - 1]);
        return `${sql}$${this.values.length}${part}`;
      }),
    );
  }

  get sql(): string {
    return this.#parts.length === 0 ? 'true' : this.#parts.join(' AND ');
  }
}

/**
 * The conditions of a filter, in the words of the indexes: each that is given alone is answered by an index that holds
 * the order of the list.
 * @param table - the alias of the table
 */
export function conditionsOf(filter: AuditFilter, table: string): Conditions {
  const conditions = new Conditions();
  const equal = (column: string, value: string | null | undefined): void => {
    if (value != null) conditions.add(`${table}."${column}" = ?`, value);
  };
  if (filter.action?.includes('.')) equal('action', filter.action);
  else if (filter.action != null) conditions.add(`split_part(${table}."action", '.', 1) = ?`, filter.action);
  equal('actorId', filter.actorId);
  equal('serverId', filter.serverId);
  equal('targetId', filter.targetId);
  equal('outcome', filter.outcome);
  equal('actorKind', filter.actorKind);
  // The indexes of these hold what is rare, which a placeholder does not say.
  if (filter.outcome != null && filter.outcome !== 'ok') conditions.add(`${table}."outcome" <> 'ok'`);
  if (filter.actorKind != null && filter.actorKind !== 'user') {
    conditions.add(`${table}."actorKind" <> 'user'`);
  }
  if (filter.from) conditions.add(`${table}."at" >= ?`, filter.from);
  if (filter.to) conditions.add(`${table}."at" < ?`, filter.to);
  return conditions;
}
