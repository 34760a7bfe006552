import { createHash } from 'node:crypto';
import { isServerKitError, ServerKitError } from '../errors.ts';

/** What comes next of something, as agents take it. */
export interface Piece {
  /** How many bytes came before. */
  readonly offset: number;
  /** Base64. */
  readonly data: string;
}

/**
 * Sends something to an agent piece by piece, each once the one before is there.
 *
 * @param pieces - all of it
 * @returns its SHA-256, in hex
 * @throws ServerKitError
 */
export async function sendPieces(
  pieces: AsyncIterable<Buffer>,
  send: (piece: Piece) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256');
  let offset = 0;
  for await (const bytes of pieces) {
    hash.update(bytes);
    try {
      await send({ offset, data: bytes.toString('base64') });
    } catch (error) {
      // Whether the piece came does not matter any more.
      if (isServerKitError(error, 'OUTCOME_UNKNOWN')) throw brokeOff(error);
      throw error;
    }
    offset += bytes.length;
  }
  return hash.digest('hex');
}

function brokeOff(cause: unknown): ServerKitError {
  return new ServerKitError(
    'AGENT_OFFLINE',
    'The link to the agent broke; nothing was done with what had come until then.',
    { cause },
  );
}
