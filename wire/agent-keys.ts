import {
  fromBase64Url,
  sha256,
  signBytes,
  toBase64Url,
  transcript,
  verifyText,
  type SigningKey,
} from './bytes.ts';

/** Whose key is replaced. */
export interface KeyOwner {
  readonly agentId: string;
  readonly serverId: string;
}

/** One step from an agent's key to the next: both keys sign that the one takes the other's place. */
export interface Succession {
  /** Names the rotation; chosen by the control plane. */
  readonly rotationId: string;
  /** Raw Ed25519 public keys and signatures, base64url. */
  readonly oldKey: string;
  readonly newKey: string;
  readonly signedByOld: string;
  readonly signedByNew: string;
}

/** The control plane's word that a step was made: it put the new key in the place of the old one. */
export interface Approval {
  readonly keyId: string;
  readonly signature: string;
}

export interface ApprovedSuccession extends Succession {
  readonly approval: Approval;
}

/** An agent shows at most this many steps, its newest: ten years at the usual pace would be forty. */
export const maxChain = 8;

function successionTranscript(
  owner: KeyOwner,
  rotationId: string,
  oldKey: Uint8Array,
  newKey: Uint8Array,
): Buffer {
  return transcript('serverkit.succession.v1', [owner.agentId, owner.serverId, rotationId, oldKey, newKey]);
}

export function makeSuccession(
  owner: KeyOwner,
  rotationId: string,
  oldKey: SigningKey,
  newKey: SigningKey,
): Succession {
  const signed = successionTranscript(owner, rotationId, oldKey.publicRaw, newKey.publicRaw);
  return {
    rotationId,
    oldKey: toBase64Url(oldKey.publicRaw),
    newKey: toBase64Url(newKey.publicRaw),
    signedByOld: toBase64Url(signBytes(oldKey, signed)),
    signedByNew: toBase64Url(signBytes(newKey, signed)),
  };
}

/**
 * Checks that both keys agree: the old one gives its place away, and the new one is held by who made the step and not
 * merely named.
 *
 * @returns the new key's raw bytes, or null
 */
export function verifySuccession(owner: KeyOwner, step: Succession): Buffer | null {
  const [oldKey, newKey] = [fromBase64Url(step.oldKey, 32), fromBase64Url(step.newKey, 32)];
  if (!oldKey || !newKey || oldKey.equals(newKey)) return null;
  const signed = successionTranscript(owner, step.rotationId, oldKey, newKey);
  if (!verifyText(oldKey, signed, step.signedByOld)) return null;
  if (!verifyText(newKey, signed, step.signedByNew)) return null;
  return newKey;
}

function approvalTranscript(owner: KeyOwner, step: Succession): Buffer | null {
  const [oldKey, newKey] = [fromBase64Url(step.oldKey, 32), fromBase64Url(step.newKey, 32)];
  if (!oldKey || !newKey) return null;
  const agreed = sha256(successionTranscript(owner, step.rotationId, oldKey, newKey));
  return transcript('serverkit.succession.approved.v1', [agreed]);
}

/** @throws when the step names no keys */
export function approveSuccession(controlKey: SigningKey, owner: KeyOwner, step: Succession): Approval {
  const signed = approvalTranscript(owner, step);
  if (!signed) throw new Error('a step without keys cannot be approved');
  return { keyId: controlKey.id, signature: toBase64Url(signBytes(controlKey, signed)) };
}

/** @param controlKey - raw, the one that `approval.keyId` names */
export function verifyApproval(
  owner: KeyOwner,
  step: Succession,
  approval: Approval,
  controlKey: Uint8Array,
): boolean {
  const signed = approvalTranscript(owner, step);
  return signed !== null && verifyText(controlKey, signed, approval.signature);
}

/**
 * Follows an agent's chain from a key that is known to the newest in it. A control plane whose database was put back
 * knows an older key than its agent holds; the chain tells it that it has itself approved each step since.
 *
 * @param controlKeyOf - raw key of the control plane by its id, of those it still stands by
 * @returns the steps taken, the last of which names the agent's key; null unless every one of them is proven
 */
export function followChain(
  owner: KeyOwner,
  from: Uint8Array,
  chain: readonly ApprovedSuccession[],
  controlKeyOf: (keyId: string) => Uint8Array | undefined,
): readonly [ApprovedSuccession, ...ApprovedSuccession[]] | null {
  const start = toBase64Url(from);
  const [first, ...rest] = chain.slice(
    Math.max(
      0,
      chain.findIndex((step) => step.oldKey === start),
    ),
  );
  if (!first) return null;
  let key = start;
  for (const step of [first, ...rest]) {
    const controlKey = controlKeyOf(step.approval.keyId);
    if (step.oldKey !== key || !controlKey) return null;
    if (!verifySuccession(owner, step) || !verifyApproval(owner, step, step.approval, controlKey))
      return null;
    key = step.newKey;
  }
  return [first, ...rest];
}

/** For a header: base64url of JSON, the newest steps only. */
export function formatChain(chain: readonly ApprovedSuccession[]): string {
  return toBase64Url(Buffer.from(JSON.stringify(chain.slice(-maxChain))));
}

/** @returns null when it is no chain, or too long */
export function parseChain(text: string): ApprovedSuccession[] | null {
  const bytes = fromBase64Url(text);
  if (!bytes || bytes.length > maxChain * 1024) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(value) && value.length <= maxChain && value.every(isApprovedSuccession)
      ? value
      : null;
  } catch {
    return null;
  }
}

export function isApprovedSuccession(value: unknown): value is ApprovedSuccession {
  if (!isSuccession(value) || !('approval' in value)) return false;
  const { approval } = value;
  if (typeof approval !== 'object' || approval === null) return false;
  const { keyId, signature }: Partial<Record<keyof Approval, unknown>> = approval;
  return typeof keyId === 'string' && typeof signature === 'string';
}

export function isSuccession(value: unknown): value is Succession {
  if (typeof value !== 'object' || value === null) return false;
  const step: Partial<Record<keyof Succession, unknown>> = value;
  return [step.rotationId, step.oldKey, step.newKey, step.signedByOld, step.signedByNew].every(
    (text) => typeof text === 'string',
  );
}
