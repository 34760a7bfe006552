import { describe, expect, test } from 'vitest';
import { within } from '../../../testing/events.ts';
import { codeOf, type TestClient } from '../../../testing/graphql-client.ts';
import { rawSocket, subscribeMessage } from '../live/testing.ts';
import { revokeApiToken, servers, whoAmI, wrongCode, type TokenStage } from './testing.ts';

/** Tokens, and what comes with one, that let nobody in. */
export function refusedTokens(stage: TokenStage): void {
  describe('a token that is refused', () => {
    const unauthenticated = async (client: TestClient) => {
      const { status, headers, body } = await client.post(JSON.stringify({ query: whoAmI }));
      expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(body).toContain('UNAUTHENTICATED');
      return status;
    };
    const elsewhere = (address: string) => ({ headers: { 'x-forwarded-for': address } });

    test('says the same whether it never was, is altered, or ended', async () => {
      const { secret, client, id } = await stage.make(stage.admin, ['servers:read']);
      const { secret: working } = await stage.make(stage.admin, ['servers:read']);
      const gone = await stage.make(stage.admin, ['servers:read'], {
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      });
      await stage.api.platform.db.prisma.apiToken.update({
        where: { id: gone.id },
        data: { expiresAt: new Date(Date.now() - 1) },
      });
      await stage.admin.client.query(revokeApiToken, { input: { tokenId: id } });
      const bodies = new Set<string>();
      for (const token of [
        secret,
        gone.secret,
        // The id of one that works, and another secret.
        `${working.slice(0, -1)}${working.endsWith('A') ? 'B' : 'A'}`,
        `sk_${'0'.repeat(24)}_${'A'.repeat(43)}`,
        'sk_',
        'anything',
      ]) {
        const other = client.with({ token, ...elsewhere('198.51.100.1') });
        expect(await unauthenticated(other)).toBe(401);
        bodies.add((await other.post('{}')).body);
      }
      expect(bodies.size).toBe(1);
      using socket = await rawSocket(stage.api.url, { init: false });
      socket.send({ type: 'connection_init', payload: { token: secret } });
      expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
    });

    test('came from elsewhere than its networks', async () => {
      const { client } = await stage.make(stage.admin, ['servers:read'], {
        addresses: ['198.51.100.0/25', '2001:db8::/32', '203.0.113.9'],
      });
      for (const [address, status] of [
        ['198.51.100.7', 200],
        ['2001:db8::1', 200],
        ['203.0.113.9', 200],
        ['198.51.100.200', 401],
        ['2001:db9::1', 401],
        ['203.0.113.10', 401],
      ] as const) {
        const { status: seen } = await client
          .with(elsewhere(address))
          .post(JSON.stringify({ query: servers }));
        expect([address, seen]).toEqual([address, status]);
      }
      expect(await wrongCode(stage.admin, ['servers:read'], { addresses: ['10.0.0.0/33'] })).toBe(
        'INPUT_INVALID',
      );
      expect(await wrongCode(stage.admin, ['servers:read'], { addresses: ['home'] })).toBe('INPUT_INVALID');
    });

    test('came with a session beside it', async () => {
      const { secret } = await stage.make(stage.admin, ['servers:read']);
      const both = stage.admin.client.with({ token: secret });
      for (const client of [
        both,
        both.with({ session: { cookie: stage.admin.client.session.cookie ?? '' } }),
        both.with({ session: { proof: stage.admin.client.session.proof ?? '' } }),
      ]) {
        const { status, body } = await client.post(JSON.stringify({ query: whoAmI }));
        expect(status).toBe(401);
        expect(body).toContain('Both an API token and a session');
      }
      using socket = await rawSocket(stage.api.url, { client: stage.admin.client, init: false });
      const { proof } = stage.admin.client.session;
      socket.send({ type: 'connection_init', payload: { token: secret, session: proof } });
      expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
    });

    test('came on a WebSocket with the cookie that a browser adds to it by itself: the token counts', async () => {
      const { secret } = await stage.make(stage.admin, ['servers:read']);
      using socket = await rawSocket(stage.api.url, { client: stage.admin.client, init: false });
      socket.send({ type: 'connection_init', payload: { token: secret } });
      await socket.next(({ type }) => type === 'connection_ack');
      socket.send(subscribeMessage('1', '{ viewer { scopes session { id } } }'));
      const { payload } = await socket.next(({ type }) => type === 'next');
      expect(payload).toEqual({ data: { viewer: { scopes: ['servers:read'], session: null } } });
    });

    test('again and again is slowed down, while good ones from the same place get through', async () => {
      const { client, secret } = await stage.make(stage.admin, ['servers:read']);
      const place = elsewhere('198.51.100.77');
      const statuses = [];
      for (let n = 0; n < 25; n++) {
        const wrong = client.with({ token: `sk_${'0'.repeat(24)}_${'A'.repeat(43)}`, ...place });
        statuses.push((await wrong.post('{}')).status);
      }
      expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
      // Not each of the rest: who is slow enough has done the waiting already.
      expect(statuses.slice(20)).toContain(429);
      expect(codeOf(await client.with({ token: secret, ...place }).answer(servers))).toBeUndefined();
      await stage.api.services.audit.flush();
      const rows = await stage.api.platform.db.prisma.auditEvent.findMany({
        where: { action: 'token.use', address: '198.51.100.77' },
      });
      expect(rows.length).toBeLessThanOrEqual(4);
      expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(25);
    });
  });

  describe('a page of someone else', () => {
    test('may send a token over HTTP, which no browser adds by itself, and is never let read the answer', async () => {
      const { client } = await stage.make(stage.admin, ['servers:read']);
      const { status, headers } = await client
        .with({ origin: 'https://tool.example' })
        .post(JSON.stringify({ query: servers }));
      expect(status).toBe(200);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      const withCookie = client.with({
        origin: 'https://tool.example',
        session: { cookie: stage.admin.client.session.cookie ?? '' },
      });
      expect((await withCookie.post(JSON.stringify({ query: servers }))).status).toBe(403);
      await expect(rawSocket(stage.api.url, { headers: { origin: 'https://tool.example' } })).rejects.toThrow(
        '403',
      );
    });
  });
}
