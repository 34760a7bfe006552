/**
 * Flow control of bulk streams. A stream starts with a window in bytes; the consumer grants more in the
 * payload of `ping` messages, only as fast as its own socket drains. Kernel and library buffers hide a slow
 * reader, so nothing but a grant says that bytes were taken.
 */
export interface Grant {
  /** The id of the operation whose stream may send more. */
  readonly streamId: string;
  /** Bytes, 1 to {@link maxGrantBytes}. */
  readonly bytes: number;
}

export const maxGrantBytes = 16 * 1024 * 1024;

/** Reads the grants of a ping's payload; anything malformed gives none. */
export function grantsOf(payload: unknown): Grant[] {
  if (typeof payload !== 'object' || payload === null || !('grants' in payload)) return [];
  const { grants } = payload;
  return Array.isArray(grants) ? grants.filter(isGrant) : [];
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
