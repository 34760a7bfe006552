/**
 * Flow control of bulk streams, in the payload of `ping` messages. Kernel and library buffers hide a slow line and a
 * slow reader alike, so nothing but a word from the other end says that bytes were taken:
 *
 * - of each stream, what its consumer took ({@link Grant}): it starts with a window in bytes, and is granted more only
 *   as fast as the consumer's own socket drains;
 * - of the link as a whole, what came off it (`received`): all streams together keep no more than one window under
 *   way, so that control messages never queue behind them.
 */
export interface Credits {
  readonly grants?: readonly Grant[];
  /** Bytes of `next` messages that came off the link since this was last said. */
  readonly received?: number;
}

/** The control plane says what it received once it is this much, or when it grants something anyway. Bytes. */
export const receiptEveryBytes = 32 * 1024;

export interface Grant {
  /** The id of the operation whose stream may send more. */
  readonly streamId: string;
  /** Bytes, 1 to {@link maxGrantBytes}. */
  readonly bytes: number;
}

export const maxGrantBytes = 16 * 1024 * 1024;

/** What a line of a job, and a word on how far it is, costs besides the UTF-8 bytes of its text. */
export const jobEntryBytes = 64;

/** Reads the grants of a ping's payload; anything malformed gives none. */
export function grantsOf(payload: unknown): Grant[] {
  if (typeof payload !== 'object' || payload === null || !('grants' in payload)) return [];
  const { grants } = payload;
  return Array.isArray(grants) ? grants.filter(isGrant) : [];
}

/** Reads what a ping says came off the link; 0 when it says nothing of the kind. */
export function receivedOf(payload: unknown): number {
  if (typeof payload !== 'object' || payload === null || !('received' in payload)) return 0;
  const { received } = payload;
  return typeof received === 'number' && Number.isSafeInteger(received) && received > 0 ? received : 0;
}

function isGrant(value: unknown): value is Grant {
  if (typeof value !== 'object' || value === null) return false;
  const { streamId, bytes }: Partial<Record<keyof Grant, unknown>> = value;
  return (
    typeof streamId === 'string' &&
    typeof bytes === 'number' &&
    Number.isSafeInteger(bytes) &&
    bytes >= 1 &&
    bytes <= maxGrantBytes
  );
}
