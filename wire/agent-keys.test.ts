import { describe, expect, it } from 'vitest';
import {
  approveSuccession,
  followChain,
  formatChain,
  makeSuccession,
  maxChain,
  parseChain,
  verifyApproval,
  verifySuccession,
  type ApprovedSuccession,
  type Succession,
} from './agent-keys.ts';
import { generateSigningKey, signBytes, toBase64Url, transcript, type SigningKey } from './bytes.ts';

const owner = { agentId: 'agt_1', serverId: 'srv_1' };
const control = generateSigningKey();
const [first, second, stranger] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];
const step = makeSuccession(owner, 'rot_1', first, second);

const approved = (made: Succession, by: SigningKey = control): ApprovedSuccession => ({
  ...made,
  approval: approveSuccession(by, owner, made),
});
const controlKeyOf = (id: string): Uint8Array | undefined =>
  id === control.id ? control.publicRaw : undefined;

describe('a step from one key of an agent to the next', () => {
  it('names the new key when both keys signed it', () => {
    expect(verifySuccession(owner, step)).toEqual(second.publicRaw);
  });

  const others = makeSuccession(owner, 'rot_2', stranger, generateSigningKey());
  it.each(Object.keys(step))('does not with another %s', (field) => {
    const mixed = {
      ...step,
      ...Object.fromEntries(Object.entries(others).filter(([name]) => name === field)),
    };
    expect(mixed).not.toEqual(step);
    expect(verifySuccession(owner, mixed)).toBeNull();
  });

  it('is worth nothing for another agent or server', () => {
    expect(verifySuccession({ ...owner, agentId: 'agt_2' }, step)).toBeNull();
    expect(verifySuccession({ ...owner, serverId: 'srv_2' }, step)).toBeNull();
  });

  it('cannot be made with one of the two keys alone', () => {
    const signed = transcript('serverkit.succession.v1', [
      owner.agentId,
      owner.serverId,
      'rot_1',
      first.publicRaw,
      second.publicRaw,
    ]);
    const by = (key: SigningKey): string => toBase64Url(signBytes(key, signed));
    expect(verifySuccession(owner, { ...step, signedByNew: by(first) })).toBeNull();
    expect(verifySuccession(owner, { ...step, signedByOld: by(second) })).toBeNull();
    expect(verifySuccession(owner, { ...step, signedByOld: '', signedByNew: '' })).toBeNull();
  });

  it('leads somewhere', () => {
    expect(verifySuccession(owner, makeSuccession(owner, 'rot_1', first, first))).toBeNull();
  });

  it('is approved by the control plane, for this agent and step', () => {
    const approval = approveSuccession(control, owner, step);
    expect(verifyApproval(owner, step, approval, control.publicRaw)).toBe(true);
    expect(verifyApproval(owner, step, approval, stranger.publicRaw)).toBe(false);
    expect(verifyApproval({ ...owner, serverId: 'srv_2' }, step, approval, control.publicRaw)).toBe(false);
    expect(verifyApproval(owner, { ...step, rotationId: 'rot_2' }, approval, control.publicRaw)).toBe(false);
  });
});

describe('a chain of keys', () => {
  const keys = Array.from({ length: 5 }, generateSigningKey);
  const chain = keys.slice(1).flatMap((key, n) => {
    const before = keys[n];
    return before ? [approved(makeSuccession(owner, `rot_${n}`, before, key))] : [];
  });

  it.each([0, 1, 2, 3])('leads from key %i to the newest', (n) => {
    const steps = followChain(owner, keys[n]?.publicRaw ?? new Uint8Array(), chain, controlKeyOf);
    expect(steps?.length).toBe(4 - n);
    expect(steps?.at(-1)?.newKey).toBe(toBase64Url(keys[4]?.publicRaw ?? new Uint8Array()));
  });

  it('leads nowhere from a key that is not in it, or from its end', () => {
    expect(followChain(owner, stranger.publicRaw, chain, controlKeyOf)).toBeNull();
    expect(followChain(owner, keys[4]?.publicRaw ?? stranger.publicRaw, chain, controlKeyOf)).toBeNull();
    expect(followChain(owner, first.publicRaw, [], controlKeyOf)).toBeNull();
  });

  it.each([0, 1, 2, 3])('is worth nothing when step %i is missing, forged, or approved by another', (n) => {
    const from = keys[0]?.publicRaw ?? stranger.publicRaw;
    const own = chain[n] ?? approved(step);
    const withStep = (other: ApprovedSuccession) => chain.toSpliced(n, 1, other);
    const follow = (forged: ApprovedSuccession[]) => followChain(owner, from, forged, controlKeyOf);
    const without = follow(chain.toSpliced(n, 1));
    // Without its last step it is a shorter chain, and leads to an older key.
    expect(without?.length ?? null).toBe(n === 3 ? 3 : null);
    expect(follow(withStep({ ...own, signedByOld: step.signedByOld }))).toBeNull();
    expect(follow(withStep({ ...own, signedByNew: step.signedByNew }))).toBeNull();
    expect(follow(withStep({ ...own, approval: approveSuccession(stranger, owner, own) }))).toBeNull();
    const borrowed = { keyId: control.id, signature: approveSuccession(stranger, owner, own).signature };
    expect(follow(withStep({ ...own, approval: borrowed }))).toBeNull();
  });

  it('is of no use to who holds an old key: a step of one’s own needs our approval', () => {
    const own = approved(makeSuccession(owner, 'rot_x', first, stranger), stranger);
    expect(followChain(owner, first.publicRaw, [own], controlKeyOf)).toBeNull();
  });

  it('travels in a header, the newest steps only', () => {
    expect(parseChain(formatChain(chain))).toEqual(chain);
    const long = Array.from({ length: maxChain + 3 }, () => approved(step));
    expect(parseChain(formatChain(long))).toHaveLength(maxChain);
    expect(formatChain(long).length).toBeLessThan(7_000);
  });

  it.each([
    '',
    'x',
    '=',
    toBase64Url(Buffer.from('{}')),
    toBase64Url(Buffer.from('[{}]')),
    toBase64Url(Buffer.from('[null]')),
  ])('is not %j', (text) => {
    expect(parseChain(text)).toBeNull();
  });

  it('has a bound', () => {
    const long = Array.from({ length: maxChain + 1 }, () => approved(step));
    expect(parseChain(toBase64Url(Buffer.from(JSON.stringify(long))))).toBeNull();
    expect(parseChain(toBase64Url(Buffer.alloc(20_000, 0x20)))).toBeNull();
  });
});
