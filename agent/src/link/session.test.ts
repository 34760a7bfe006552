import { describe, expect, it } from 'vitest';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import { maxTtlMs, sealEnvelope, type Envelope } from '@serverkit/wire/envelope.ts';
import { sessionIdOf, type LinkFacts } from '@serverkit/wire/handshake.ts';
import { createSession } from './session.ts';

const control = generateSigningKey();
const facts: LinkFacts = {
  agentKey: generateSigningKey().publicRaw,
  controlKey: control.publicRaw,
  agentId: 'agt_1',
  serverId: 'srv_1',
  contract: '1.0',
  agentNonce: toBase64Url(Buffer.alloc(32, 1)),
  challenge: toBase64Url(Buffer.alloc(32, 2)),
  scopes: ['docker:*'],
};

/** A session on a clock that the test moves. */
function open() {
  const clock = { now: 5_000_000 };
  let admitted = 0;
  const session = createSession(
    facts,
    () => clock.now,
    () => (admitted += 1),
  );
  let ids = 0;
  const seal = (changes: Partial<Envelope> = {}) => {
    const envelope: Envelope = {
      v: 1,
      keyId: control.id,
      sessionId: sessionIdOf(facts),
      id: `op-${(ids += 1)}`,
      agentId: 'agt_1',
      sessionMs: clock.now - 5_000_000,
      ttlMs: 30_000,
      actor: 'usr_1',
      scopes: [],
      query: '{ ping }',
      operationName: null,
      variables: {},
      ...changes,
    };
    return { id: envelope.id, signed: sealEnvelope(control, envelope) };
  };
  const admit = ({ id, signed }: ReturnType<typeof seal>) => session.admit(id, signed);
  return { session, clock, seal, admit, admitted: () => admitted };
}

describe('the session of a link', () => {
  it('is named by everything both sides agreed on, and carries the scopes they signed', () => {
    const { session } = open();
    expect(session.id).toBe(sessionIdOf(facts));
    expect(session.serverScopes).toEqual(['docker:*']);
  });

  it('admits an operation until its time is over, by a clock that nobody can set', () => {
    const { admit, seal, clock } = open();
    const [early, late] = [seal(), seal()];
    clock.now += 30_000;
    expect(admit(early).actor).toBe('usr_1');
    clock.now += 1;
    expect(() => admit(late)).toThrow(expect.objectContaining({ code: 'ENVELOPE_EXPIRED' }));
  });

  it('counts a delay on the network for the operation, but not for ever', () => {
    const { admit, seal } = open();
    expect(admit(seal({ sessionMs: 60_000 }))).toBeDefined();
    expect(() => admit(seal({ sessionMs: 60_001 }))).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_MISMATCH' }),
    );
  });

  it('knows an operation again for as long as it could come again', () => {
    const { admit, seal, clock } = open();
    const longest = seal({ ttlMs: maxTtlMs, sessionMs: 60_000 });
    admit(longest);
    for (let step = 0; step < 22; step += 1) {
      clock.now += 30_000;
      admit(seal());
      expect(() => admit(longest)).toThrow(/seen before|too late/);
    }
    clock.now = 5_000_000 + 60_000 + maxTtlMs;
    expect(() => admit(longest)).toThrow(expect.objectContaining({ code: 'ENVELOPE_REPLAYED' }));
    clock.now += 1;
    expect(() => admit(longest)).toThrow(expect.objectContaining({ code: 'ENVELOPE_EXPIRED' }));
  });

  it('knows it again however many came since', () => {
    const { admit, seal, clock } = open();
    const first = seal();
    admit(first);
    for (let n = 0; n < 2_000; n += 1) {
      clock.now += 10;
      admit(seal());
    }
    expect(() => admit(first)).toThrow(expect.objectContaining({ code: 'ENVELOPE_REPLAYED' }));
  });

  it('says each time that somebody was admitted, and never that somebody was refused', () => {
    const { admit, seal, admitted } = open();
    admit(seal());
    expect(() => admit(seal({ agentId: 'agt_2' }))).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_MISMATCH' }),
    );
    expect(admitted()).toBe(1);
  });

  it('remembers nothing of what it refused, so that nobody can use up an id', () => {
    const { admit, seal } = open();
    const good = seal();
    const forged = { id: good.id, signed: { ...good.signed, sig: toBase64Url(Buffer.alloc(64)) } };
    expect(() => admit(forged)).toThrow(expect.objectContaining({ code: 'SIGNATURE_INVALID' }));
    expect(admit(good)).toBeDefined();
  });
});
