/** What the record says of one event: the columns that marks and seals answer for. */
export interface AuditContent {
  /** With whole milliseconds, as it is stored. */
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorLabel: string;
  readonly address: string | null;
  readonly action: string;
  readonly targetKind: string | null;
  readonly targetId: string | null;
  readonly targetName: string | null;
  readonly serverId: string | null;
  readonly outcome: string;
  readonly code: string | null;
  /** JSON */
  readonly parameters: unknown;
  readonly count: number;
  /** Milliseconds. */
  readonly durationMs: number | null;
  readonly exitCode: number | null;
}

/** Parameters are cut to a depth of 5 when they are recorded; what is deeper was not recorded by us. */
const maxDepth = 32;

/**
 * The bytes of an event, the same before it is stored and after it is read again: jsonb keeps neither the order of keys
 * nor the spelling of numbers.
 * @throws RangeError for parameters that are deeper than any we record
 */
export function bytesOf(event: AuditContent): Buffer {
  return Buffer.from(
    JSON.stringify([
      1,
      event.at.getTime(),
      event.actorKind,
      event.actorId,
      event.actorLabel,
      event.address,
      event.action,
      event.targetKind,
      event.targetId,
      event.targetName,
      event.serverId,
      event.outcome,
      event.code,
      sorted(event.parameters, 0),
      event.count,
      event.durationMs,
      event.exitCode,
    ]),
  );
}

/** Objects as lists of name and value, by name, so that no two values have the same text. */
function sorted(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) throw new RangeError('the parameters are too deep');
  if (Array.isArray(value)) return ['[', ...value.map((item) => sorted(item, depth + 1))];
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return ['{', ...entries.map(([name, item]) => [name, sorted(item, depth + 1)])];
}
