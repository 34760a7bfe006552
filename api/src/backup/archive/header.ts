import * as z from 'zod';
import { ArchiveError, DamagedError } from './error.ts';

/** Of the layout described in docs/backup.md. An archive with a higher number is refused. */
const format = 1;

/** RFC 9106 §4, the second recommended option, which a small machine can afford too. */
export const usualCosts = { memoryKiB: 65_536, passes: 3, lanes: 4 } as const;

/** The costs come from a file that nobody has vouched for yet, and must not take the machine down. */
const kdf = z.object({
  algorithm: z.literal('argon2id'),
  /** base64 */
  salt: z.base64().refine((text) => Buffer.from(text, 'base64').length >= 16),
  memoryKiB: z.int().min(8_192).max(1_048_576),
  passes: z.int().min(1).max(16),
  lanes: z.int().min(1).max(16),
});

const shape = z.object({
  /** The release that made the archive. */
  product: z.string(),
  /** The last migration of its database. */
  migration: z.string(),
  /** ISO 8601 */
  createdAt: z.iso.datetime(),
  kdf,
});

/** What an archive says of itself before its passphrase is asked for. Nothing of it is secret. */
export type Header = z.infer<typeof shape>;

/** As much as has to be read to be sure of having all of the header, in bytes. */
export const longestHeader = 4_096;

const magic = 'serverkit-archive';

/** Two lines of text: the format, and the rest as JSON. They can be looked at with `head -n 2`. */
export function encodeHeader(header: Header): Buffer {
  return Buffer.from(`${magic} ${format}\n${JSON.stringify(header)}\n`);
}

/**
 * @param start - the first bytes of the file, {@link longestHeader} of them unless it is shorter
 * @param name - of the file, for the sentence that refuses it
 * @throws ArchiveError when this is no archive, a damaged one, or one in a format of the future
 */
export function parseHeader(start: Buffer, name: string): { header: Header; bytes: Buffer } {
  const first = start.indexOf('\n');
  const [, number] = /^serverkit-archive (\d{1,9})$/.exec(start.toString('latin1', 0, first)) ?? [];
  if (number === undefined) throw new ArchiveError(`${name} is not an archive of ServerKit.`);
  if (Number(number) !== format) {
    throw new ArchiveError(
      `${name} was made by a newer release of ServerKit (archive format ${number}, this one reads ${format}); restore it with that release.`,
    );
  }
  const second = start.indexOf('\n', first + 1);
  const { data } = shape.safeParse(json(start.toString('utf8', first + 1, second)));
  if (second < 0 || !data) throw new DamagedError('its beginning cannot be read');
  return { header: data, bytes: start.subarray(0, second + 1) };
}

function json(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
