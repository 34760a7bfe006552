import * as z from 'zod';
import type { Vault } from '../secrets/vault.ts';

const pace = {
  /** On so many servers at once. */
  parallel: z.number().int().min(1),
  /** What to do about the rest once it failed on one. */
  onFailure: z.enum(['STOP', 'CONTINUE']),
  /** Of the one who asked, for the audit. */
  address: z.string(),
};

const shape = z.discriminatedUnion('work', [
  z.object({
    work: z.literal('stack.deploy'),
    ...pace,
    name: z.string(),
    files: z.object({ compose: z.string(), env: z.string() }),
    pull: z.boolean(),
    timeoutSeconds: z.number().int(),
    /** The newest version that was seen, by server. */
    baseVersions: z.record(z.string(), z.number().int()),
  }),
  z.object({
    work: z.literal('image.pull'),
    ...pace,
    reference: z.string(),
    platform: z.string().nullable(),
  }),
]);

/** What is to be done on many servers. It may hold secrets: the files of a stack. */
export type Order = z.output<typeof shape>;
export type Pace = Pick<Order, 'parallel' | 'onFailure'>;

interface Place {
  readonly jobId: string;
  readonly credentialId: string;
}

/** With the credential: whoever can write to the database alone cannot have it done in another's name. */
const contextOf = ({ jobId, credentialId }: Place): string => `order:${jobId}:${credentialId}`;

export function sealOrder(vault: Vault, place: Place, order: Order): Uint8Array {
  return vault.seal(Buffer.from(JSON.stringify(order)), contextOf(place));
}

/** @throws VaultError when it was altered, or is of another installation */
export function openOrder(vault: Vault, row: Place & { readonly sealed: Uint8Array }): Order {
  return shape.parse(JSON.parse(vault.open(row.sealed, contextOf(row)).toString()));
}
