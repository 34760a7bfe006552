import * as z from 'zod';
import { b64, raw, sha256, signedBy, transcript, type StrangerKey } from './stranger-bytes.ts';

// Of the stranger: from wire/PROTOCOL.md alone.

const setShape = z.object({
  v: z.literal(1),
  generation: z.number(),
  serial: z.number(),
  current: z.string(),
  next: z.string(),
  recovery: z.string(),
});
const signedShape = z.object({ payload: z.string(), keyId: z.string(), signature: z.string() });

export type Pinned = Omit<z.infer<typeof setShape>, 'v'>;

export const idOf = (publicKey: string): string => b64(sha256(raw(publicKey)).subarray(0, 12));

/** §4 */
export function followSets(pinned: Pinned, shown: unknown): Pinned {
  let now = pinned;
  for (const signed of z.array(signedShape).parse(shown ?? [])) {
    const set = setShape.parse(JSON.parse(signed.payload));
    const newer =
      set.generation > now.generation || (set.generation === now.generation && set.serial > now.serial);
    const repaired = set.generation > now.generation;
    const continues =
      set.recovery === now.recovery && (set.current === now.next || set.current === now.current);
    const voucher = repaired ? now.recovery : set.current;
    const proven =
      idOf(voucher) === signed.keyId &&
      signedBy(raw(voucher), transcript('serverkit.keyset.v1', [signed.payload]), signed.signature);
    if (newer && (repaired || continues) && proven) now = set;
  }
  return now;
}

interface Owner {
  readonly agentId: string;
  readonly serverId: string;
}

/** §5 */
export function makeStep(owner: Owner, rotationId: string, oldKey: StrangerKey, newKey: StrangerKey) {
  const s = transcript('serverkit.succession.v1', [
    owner.agentId,
    owner.serverId,
    rotationId,
    oldKey.publicRaw,
    newKey.publicRaw,
  ]);
  return {
    rotationId,
    oldKey: b64(oldKey.publicRaw),
    newKey: b64(newKey.publicRaw),
    signedByOld: oldKey.sign(s),
    signedByNew: newKey.sign(s),
  };
}
