import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import {
  formatRegistrationToken,
  makeRegistrationRequest,
  parseRegistrationToken,
  type RegistrationRequest,
} from '@serverkit/wire/handshake.ts';
import { dialRaw, knock } from './raw-agent.ts';
import { openManInTheMiddle, type Tampering } from './rewriting-proxy.ts';
import { enrol, openRig, type Rig } from './rig.ts';

const system = { kind: 'system', label: 'test' } as const;

describe('registering an agent', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const server = (id: string) => rig.servers.get(id);
  const registrations = async (serverId: string) => {
    await rig.audit.flush();
    return rig.db.prisma.auditEvent.findMany({
      where: { action: 'agent.register', serverId },
      orderBy: { id: 'asc' },
      select: { outcome: true, code: true, actorKind: true },
    });
  };
  const secretOf = (token: string) => {
    const secret = parseRegistrationToken(token);
    if (!secret) throw new Error('the token under test cannot be read');
    return secret;
  };

  it('the first key that proves the token becomes the server’s', async () => {
    const { serverId, token } = await rig.invite();
    const key = generateSigningKey();
    const identity = await enrol(rig.url, token, key);
    expect(identity.serverId).toBe(serverId);
    expect(identity.controlKeys.map(({ use, id }) => `${use} ${id}`)).toEqual([
      `current ${rig.keys.current.id}`,
      `next ${rig.keys.next.id}`,
      `recovery ${rig.keys.recovery.id}`,
    ]);
    const { agentKey, connection } = await server(serverId);
    expect(Buffer.from(agentKey ?? [])).toEqual(key.publicRaw);
    expect(connection).toBe('connecting');
    await expect(registrations(serverId)).resolves.toEqual([
      { outcome: 'ok', code: null, actorKind: 'agent' },
    ]);
  });

  describe('the same token again', () => {
    it('by the same key gives the same answer: a lost reply is safe to retry', async () => {
      const { serverId, token } = await rig.invite();
      const key = generateSigningKey();
      const lost: Tampering = { answer: (response) => response.destroy() };
      await using cut = await openManInTheMiddle(rig.url, lost);
      await expect(enrol(cut.url, token, key)).rejects.toMatchObject({
        code: 'UNREACHABLE',
        transient: true,
      });
      const identity = await enrol(rig.url, token, key);
      await expect(enrol(rig.url, token, key)).resolves.toEqual(identity);
      expect((await server(serverId)).agentId).toBe(identity.agentId);
      await expect(registrations(serverId)).resolves.toHaveLength(1);
    });

    it('is safe to retry as well when the reply broke off in the middle', async () => {
      const { token } = await rig.invite();
      const key = generateSigningKey();
      await using cut = await openManInTheMiddle(rig.url, {
        answer(response, reply) {
          response.setHeader('content-length', reply.length);
          response.write(reply.slice(0, 40), () => response.destroy());
        },
      });
      await expect(enrol(cut.url, token, key)).rejects.toMatchObject({
        code: 'UNREACHABLE',
        transient: true,
      });
      await expect(enrol(rig.url, token, key)).resolves.toBeDefined();
    });

    it('by another key is refused, names the first use, and raises an alarm', async () => {
      const { serverId, token } = await rig.invite();
      const first = await enrol(rig.url, token);
      const failure: unknown = await enrol(rig.url, token).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'TOKEN_USED', transient: false });
      const { registeredAt, agentId, lastError } = await server(serverId);
      expect(String(failure)).toContain(`${registeredAt?.toISOString()}, from 127.0.0.1`);
      expect(agentId).toBe(first.agentId);
      expect(lastError).toContain('presented again by another key, from 127.0.0.1');
      await expect(registrations(serverId)).resolves.toEqual([
        { outcome: 'ok', code: null, actorKind: 'agent' },
        { outcome: 'refused', code: 'TOKEN_USED', actorKind: 'agent' },
      ]);
      await expect(knock(rig.url, first)).resolves.toBe(101);
    });

    it('by the same key after its agent was revoked opens nothing and says why', async () => {
      const { serverId, token } = await rig.invite();
      const key = generateSigningKey();
      await enrol(rig.url, token, key);
      await rig.servers.revokeAgent(serverId, system);
      await expect(enrol(rig.url, token, key)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
      expect((await server(serverId)).agentId).toBeNull();
    });

    it('raced by many keys at once lets exactly one in', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { serverId, token } = await rig.invite();
        const keys = Array.from({ length: 4 }, generateSigningKey);
        const results = await Promise.allSettled(keys.map((key) => enrol(rig.url, token, key)));
        const winners = results.filter((result) => result.status === 'fulfilled');
        expect(winners).toHaveLength(1);
        const losers = results.filter((result) => result.status === 'rejected');
        for (const { reason } of losers) expect(reason).toMatchObject({ code: 'TOKEN_USED' });
        const { agentKey, agentId } = await server(serverId);
        expect(winners[0]?.value.agentId).toBe(agentId);
        expect(Buffer.from(agentKey ?? [])).toEqual(winners[0]?.value.key.publicRaw);
      }
    });

    it('raced by one key with itself gives one answer', async () => {
      const { serverId, token } = await rig.invite();
      const key = generateSigningKey();
      const answers = await Promise.all(Array.from({ length: 4 }, () => enrol(rig.url, token, key)));
      expect(new Set(answers.map(({ agentId }) => agentId)).size).toBe(1);
      await expect(registrations(serverId)).resolves.toHaveLength(1);
    });
  });

  it('a token past its day is refused', async () => {
    const { serverId, token } = await rig.invite();
    const past = new Date(Date.now() - 1);
    await rig.db.prisma.registrationToken.updateMany({ where: { serverId }, data: { expiresAt: past } });
    const failure: unknown = await enrol(rig.url, token).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(String(failure)).toContain(past.toISOString());
    expect((await server(serverId)).agentKey).toBeNull();
  });

  it('a token that a newer one replaced is refused, the newer one is not', async () => {
    const { serverId, token } = await rig.invite();
    const newer = await rig.servers.regenerateToken(serverId, system);
    await expect(enrol(rig.url, token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    await expect(enrol(rig.url, newer.token.token)).resolves.toMatchObject({ serverId });
  });

  it('a token that is unknown and one with a wrong secret are refused in the same words', async () => {
    const { serverId, token } = await rig.invite();
    const { tokenId } = secretOf(token);
    const failures = [];
    for (const guess of [
      formatRegistrationToken('0000000000000000', Buffer.alloc(32)),
      formatRegistrationToken(tokenId, Buffer.alloc(32)),
    ]) {
      failures.push(String(await enrol(rig.url, guess).catch((error: unknown) => error)));
    }
    expect(failures[0]).toBe(failures[1]);
    expect(failures[0]).toContain('not valid');
    expect((await server(serverId)).lastError).toBeNull();
  });

  it('guessing a secret is slowed down for whoever guesses, and for nobody else', async () => {
    const { token } = await rig.invite();
    const other = await rig.invite();
    const { tokenId } = secretOf(token);
    const guess = makeRegistrationRequest(
      { tokenId, macKey: Buffer.alloc(32) },
      generateSigningKey(),
      Buffer.alloc(32),
      '{}',
    );
    const tries = [];
    for (let n = 0; n < 8; n += 1) {
      const failure: unknown = await rig.agents.registrations
        .redeem(guess, '10.9.9.9')
        .catch((error: unknown) => error);
      tries.push(failure);
    }
    expect(tries[0]).toMatchObject({ code: 'TOKEN_INVALID' });
    expect(tries.at(-1)).toMatchObject({ code: 'RATE_LIMITED' });
    await expect(enrol(rig.url, token)).resolves.toBeDefined();
    await expect(enrol(rig.url, other.token)).resolves.toBeDefined();
  });

  describe('with somebody in between', () => {
    it('the token’s secret never goes by, nor what could stand for it', async () => {
      const { token } = await rig.invite();
      await using spy = await openManInTheMiddle(rig.url);
      await enrol(spy.url, token);
      const { tokenId, macKey } = secretOf(token);
      const secret = token.slice(`sk_reg_${tokenId}_`.length);
      const seen = JSON.stringify(spy.seen);
      expect(seen).toContain(tokenId);
      expect(seen).not.toContain(secret);
      expect(seen).not.toContain(toBase64Url(macKey));
      expect(seen).not.toContain(macKey.toString('hex'));
    });

    const mallory = generateSigningKey();
    const requests: readonly (readonly [
      what: string,
      tamper: (r: RegistrationRequest) => RegistrationRequest,
    ])[] = [
      ['a key of theirs in the request', (r) => ({ ...r, publicKey: toBase64Url(mallory.publicRaw) })],
      [
        'a whole request of theirs, under the agent’s MAC',
        (r) => {
          const own = makeRegistrationRequest(
            { tokenId: r.tokenId, macKey: Buffer.alloc(32) },
            mallory,
            Buffer.alloc(32, 1),
            r.facts,
          );
          return { ...own, mac: r.mac };
        },
      ],
      ['other facts', (r) => ({ ...r, facts: '{"hostname":"evil"}' })],
      ['another nonce', (r) => ({ ...r, nonce: toBase64Url(Buffer.alloc(32)) })],
      ['another token’s id', (r) => ({ ...r, tokenId: '0000000000000000' })],
      ['no MAC', (r) => ({ ...r, mac: '' })],
    ];

    it.each(requests)('%s registers nobody', async (_what, request) => {
      const { serverId, token } = await rig.invite();
      await using man = await openManInTheMiddle(rig.url, { request });
      await expect(enrol(man.url, token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      expect(await server(serverId)).toMatchObject({ agentId: null, agentKey: null, connection: 'pending' });
      await expect(enrol(rig.url, token)).resolves.toMatchObject({ serverId });
    });

    const replies: readonly (readonly [what: string, tamper: (payload: string) => string])[] = [
      [
        'keys of theirs for the control plane’s',
        (payload) =>
          payload
            .replace(rig.keys.current.id, mallory.id)
            .replace(toBase64Url(rig.keys.current.publicRaw), toBase64Url(mallory.publicRaw)),
      ],
      ['wider scopes', (payload) => payload.replace('"*"', '"*","docker:*"')],
      ['another agent’s id', (payload) => payload.replace(/"agt_\w+"/, '"agt_other"')],
      ['a space', (payload) => `${payload} `],
    ];

    it.each(replies)('%s in the reply: the agent keeps nothing, and can try again', async (_what, tamper) => {
      const { serverId, token } = await rig.invite();
      const key = generateSigningKey();
      await using man = await openManInTheMiddle(rig.url, {
        reply(reply) {
          const payload = tamper(reply.payload);
          expect(payload).not.toBe(reply.payload);
          return { ...reply, payload };
        },
      });
      await expect(enrol(man.url, token, key)).rejects.toMatchObject({ code: 'MAN_IN_THE_MIDDLE' });
      const identity = await enrol(rig.url, token, key);
      expect(identity.controlKeys[0]?.id).toBe(rig.keys.current.id);
      expect(identity.serverId).toBe(serverId);
    });

    it('an earlier reply, recorded and played again, is not this one’s', async () => {
      const { token } = await rig.invite();
      const key = generateSigningKey();
      await using spy = await openManInTheMiddle(rig.url);
      await enrol(spy.url, token, key);
      const [recorded] = spy.seen.replies;
      await using man = await openManInTheMiddle(rig.url, { reply: (reply) => recorded ?? reply });
      await expect(enrol(man.url, token, key)).rejects.toMatchObject({ code: 'MAN_IN_THE_MIDDLE' });
    });

    const answers: readonly (readonly [what: string, text: string])[] = [
      ['nothing', ''],
      ['a page', '<html><body>Sign in to the Wi-Fi</body></html>'],
      ['null', 'null'],
      ['no answer', '{"data":{"registerAgent":null}}'],
      ['errors of another kind', '{"errors":{"0":"x"}}'],
      ['an answer without end', `{"data":"${'x'.repeat(400_000)}"}`],
    ];

    it.each(answers)('%s for an answer is told from ServerKit’s', async (_what, text) => {
      const { token } = await rig.invite();
      await using man = await openManInTheMiddle(rig.url, { answer: (response) => response.end(text) });
      await expect(enrol(man.url, token)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    });

    it('words for root’s terminal arrive without what could steer it', async () => {
      const { token } = await rig.invite();
      const error = { message: '\u001b[2J\u202eyou are fine', extensions: { code: 'OK\u0007\n' } };
      const text = JSON.stringify({ errors: [error] });
      await using man = await openManInTheMiddle(rig.url, { answer: (response) => response.end(text) });
      await expect(enrol(man.url, token)).rejects.toMatchObject({ code: 'OK', message: '[2J you are fine' });
    });
  });

  describe('a second time, for a server that has an agent', () => {
    it('leaves that agent alone until the new one has registered; then cuts it off for good', async () => {
      const old = await rig.join();
      const link = rig.link(old.serverId);
      const { token } = await rig.servers.regenerateToken(old.serverId, system);
      expect(rig.link(old.serverId)).toBe(link);
      // A registration that fails changes nothing either.
      await using man = await openManInTheMiddle(rig.url, {
        request: (request) => ({ ...request, mac: '' }),
      });
      await expect(enrol(man.url, token.token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      expect(rig.link(old.serverId)).toBe(link);
      await expect(knock(rig.url, old.identity)).resolves.toBe(101);

      const fresh = await enrol(rig.url, token.token);
      await expect(old.link.ended).resolves.toBe('revoked');
      await expect(knock(rig.url, old.identity)).resolves.toBe(401);
      using raw = await dialRaw(rig.url, fresh);
      raw.acknowledge();
      await rig.until('the new agent’s link', () => {
        const now = rig.agents.links.get(old.serverId);
        return now !== undefined && now !== link;
      });
    });
  });

  it('odd facts are no reason to fail', async () => {
    for (const facts of ['', 'null', '[]', '{"hostname":"\\u0000"}', '{'.repeat(1_000), '"\\ud800"']) {
      const { serverId, token } = await rig.invite();
      const request = makeRegistrationRequest(secretOf(token), generateSigningKey(), Buffer.alloc(32), facts);
      await expect(rig.agents.registrations.redeem(request, '127.0.0.1')).resolves.toBeDefined();
      expect((await server(serverId)).facts).toBeNull();
    }
  });

  it('input that is no registration is refused like a wrong secret', async () => {
    const { token } = await rig.invite();
    const good = makeRegistrationRequest(secretOf(token), generateSigningKey(), Buffer.alloc(32), '{}');
    for (const change of [
      { publicKey: '' },
      { publicKey: 'A'.repeat(43) + '=' },
      { signature: good.mac },
      { nonce: 'short' },
      { mac: `${good.mac}A` },
      { tokenId: '\u0000' },
      { tokenId: "' OR 1=1 --" },
    ]) {
      await expect(rig.agents.registrations.redeem({ ...good, ...change }, '10.8.8.8')).rejects.toMatchObject(
        { code: expect.stringMatching(/TOKEN_INVALID|RATE_LIMITED/) },
      );
    }
  });
});
