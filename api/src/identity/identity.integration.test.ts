import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { codeOf, parseAnswer } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi } from '../graphql/testing.ts';
import { Identity } from './service.ts';
import { createPasswords } from './passwords.ts';

const password = 'correct horse battery staple';

const completeSetup = /* GraphQL */ `
  mutation Setup($input: CompleteSetupInput!) {
    completeSetup(input: $input) {
      sessionProof
      viewer {
        user {
          email
          role
        }
      }
    }
  }
`;

const signIn = /* GraphQL */ `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      sessionProof
    }
  }
`;

const whoAmI = /* GraphQL */ `
  {
    viewer {
      user {
        email
      }
    }
  }
`;

const proofIn = (body: string): string =>
  parseAnswer<{ signIn: { sessionProof: string } }>(body).data?.signIn.sessionProof ?? '';

describe('the first administrator', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await testApi();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const codeFrom = (printed: string) => /code:\s+(\S+)/.exec(printed)?.[1] ?? '';

  test('is made with the code printed at start, once, in whatever case it is typed', async () => {
    expect(await api.stranger.query('{ setupStatus { needed } }')).toEqual({ setupStatus: { needed: true } });
    const code = codeFrom(api.printed());
    expect(code).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/);
    const input = { email: 'Ada@Example.com', name: 'Ada', password };

    const wrong = await api.stranger.answer(completeSetup, {
      input: { ...input, code: 'AAAAA-AAAAA-AAAAA-AAAAA' },
    });
    expect(codeOf(wrong)).toBe('SETUP_CODE_INVALID');
    const weak = await api.stranger.answer(completeSetup, { input: { ...input, code, password: 'short' } });
    expect(codeOf(weak)).toBe('INPUT_INVALID');

    const both = await Promise.all([
      api.stranger.answer(completeSetup, { input: { ...input, code: ` ${code.toLowerCase()} ` } }),
      api.stranger.answer(completeSetup, { input: { ...input, email: 'eve@example.com', code } }),
    ]);
    expect(both.filter(({ data }) => data != null)).toHaveLength(1);
    expect(both.map(codeOf).filter((one) => one !== undefined)).toEqual(['SETUP_DONE']);
    expect(await api.stranger.query('{ setupStatus { needed } }')).toEqual({
      setupStatus: { needed: false },
    });
    expect(await api.platform.db.prisma.user.count()).toBe(1);
  });

  test('leaves neither code nor password in the database', async () => {
    const settings = await api.platform.db.prisma.setting.findMany();
    expect(settings.map(({ key }) => key)).not.toContain('setup');
    const user = await api.platform.db.prisma.user.findFirstOrThrow();
    expect(user.passwordHash?.split('$').slice(1, 4)).toEqual([
      'argon2id',
      'v=19',
      expect.stringContaining('m=19456'),
    ]);
  });
});

test('the first administrator may come from the environment, with no code printed', async () => {
  await using api = await testApi({
    env: { SERVERKIT_ADMIN_EMAIL: 'Root@Example.com', SERVERKIT_ADMIN_PASSWORD: password },
  });
  expect(api.printed()).toBe('');
  const answer = await api.stranger.answer<{ signIn: { sessionProof: string } }>(signIn, {
    input: { email: 'root@example.com', password },
  });
  expect(answer.data?.signIn.sessionProof).toMatch(/^[\w-]{43}$/);
});

describe('signing in', () => {
  let api: TestApi;
  const email = 'ada@example.com';
  beforeAll(async () => {
    api = await testApi({ env: { SERVERKIT_ADMIN_EMAIL: email, SERVERKIT_ADMIN_PASSWORD: password } });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const post = (input: { email: string; password: string }) =>
    api.stranger.post(JSON.stringify({ query: signIn, variables: { input } }));

  test('takes both halves: neither the cookie nor the proof alone is anyone', async () => {
    const { headers, body } = await post({ email, password });
    const [setCookie = ''] = headers['set-cookie'] ?? [];
    expect(setCookie).toMatch(
      /^serverkit-\d+=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
    const cookie = setCookie.split(';')[0] ?? '';
    const proof = proofIn(body);

    const as = (session: { cookie?: string; proof?: string }) =>
      api.stranger.with({ session }).answer(whoAmI);
    expect(await as({ cookie, proof })).toEqual({ data: { viewer: { user: { email } } } });
    expect(codeOf(await as({ cookie }))).toBe('UNAUTHENTICATED');
    expect(codeOf(await as({ proof }))).toBe('UNAUTHENTICATED');
    const other = proofIn((await post({ email, password })).body);
    expect(codeOf(await as({ cookie, proof: other }))).toBe('UNAUTHENTICATED');
  });

  test('stores only the SHA-256 of each half', async () => {
    const { headers, body } = await post({ email, password });
    const cookie = headers['set-cookie']?.[0]?.split(/[=;]/)[1] ?? '';
    const proof = proofIn(body);
    const sha256 = (text: string) => new Uint8Array(createHash('sha256').update(text).digest());
    const session = await api.platform.db.prisma.session.findUniqueOrThrow({
      where: { cookieHash: sha256(cookie) },
    });
    expect(new Uint8Array(session.proofHash)).toEqual(sha256(proof));
    const dump = JSON.stringify(await api.platform.db.prisma.session.findMany());
    expect(dump).not.toContain(cookie);
    expect(dump).not.toContain(proof);
  });

  test('answers alike for an account that does not exist, and does the same work', async () => {
    const passwords = createPasswords();
    const verify = vi.spyOn(passwords, 'verify');
    const { access, audit, topics } = api.services;
    const identity = new Identity({ ...api.platform, access, audit, topics, passwords });
    const visitor = { address: '192.0.2.1', userAgent: '' };
    const failures = [];
    for (const account of [email, 'nobody@example.com']) {
      failures.push(
        await identity.signIn
          .start({ email: account, password: 'wrong' }, visitor)
          .catch((error: unknown) => error),
      );
    }
    expect(failures[0]).toEqual(failures[1]);
    expect(failures[0]).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(verify).toHaveBeenCalledTimes(2);
    expect(verify.mock.calls[1]).toEqual([undefined, 'wrong']);
  });

  test('slows down guesses at one account from one place, and still lets the owner in from another', async () => {
    let now = 1_000_000;
    const { access, audit, topics } = api.services;
    const quick = {
      hash: () => Promise.resolve(''),
      verify: (_: unknown, given: string) => Promise.resolve(given === password),
      outdated: () => false,
    };
    const identity = new Identity({
      ...api.platform,
      access,
      audit,
      topics,
      passwords: quick,
      now: () => now,
    });
    const attempt = (address: string, given: string) =>
      identity.signIn.start({ email, password: given }, { address, userAgent: '' }).then(
        () => 'ok',
        (error: { code: string; details: { retryAfterSeconds?: number } }) => error,
      );
    const guesser = '198.51.100.7';
    for (let guess = 0; guess < 5; guess++) {
      expect(await attempt(guesser, 'guess')).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    }
    expect(await attempt(guesser, password)).toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 1 },
    });
    expect(await attempt('203.0.113.9', password)).toBe('ok');
    now += 1_000;
    expect(await attempt(guesser, 'guess')).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(await attempt(guesser, 'guess')).toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 2 },
    });
    now += 2_000;
    expect(await attempt(guesser, password)).toBe('ok');
  });

  test('is on record, and so is being refused', async () => {
    await api.services.audit.flush();
    const events = await api.platform.db.prisma.auditEvent.findMany({ where: { action: 'session.signIn' } });
    expect(events.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['ok', 'refused']));
    expect(
      JSON.stringify(events, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('guess');
  });

  test('ends when unused for a week or open for a month, whatever comes first', async () => {
    const { client, sessionId } = await api.join('viewer');
    const { session } = api.platform.db.prisma;
    const day = 24 * 60 * 60_000;
    const set = (data: { lastUsedAt?: Date; expiresAt?: Date }) =>
      session.update({ where: { id: sessionId }, data });
    await set({ lastUsedAt: new Date(Date.now() - 8 * day) });
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
    await set({ lastUsedAt: new Date() });
    expect(codeOf(await client.answer(whoAmI))).toBeUndefined();
    await set({ expiresAt: new Date(Date.now() - 1) });
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
  });

  test('of a disabled account does not work, nor do its sessions', async () => {
    const { client, userId } = await api.join('operator');
    await api.platform.db.prisma.user.update({ where: { id: userId }, data: { disabledAt: new Date() } });
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
  });
});

describe('sessions', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await testApi();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const revoke = (sessionId: string) =>
    `mutation { revokeSession(input: { sessionId: "${sessionId}" }) { revokedSessionId } }`;

  test('are listed to their owner, who can end them', async () => {
    const { client, sessionId, userId } = await api.join('viewer');
    const other = await api.services.identity.sessions.create(api.platform.db.prisma, userId, {
      address: '192.0.2.7',
      userAgent: 'Lynx',
    });
    const list = '{ viewer { sessions { id current address userAgent } } }';
    const { viewer } = await client.query<{ viewer: { sessions: object[] } }>(list);
    expect(viewer.sessions).toHaveLength(2);
    expect(viewer.sessions).toContainEqual({
      id: sessionId,
      current: true,
      address: '127.0.0.1',
      userAgent: '',
    });
    await client.query(revoke(other.id));
    const after = await client.query<{ viewer: { sessions: object[] } }>(list);
    expect(after.viewer.sessions).toHaveLength(1);
  });

  test('of someone else cannot be ended', async () => {
    const mine = await api.join('admin');
    const theirs = await api.join('viewer');
    expect(codeOf(await mine.client.answer(revoke(theirs.sessionId)))).toBe('NOT_FOUND');
    expect(codeOf(await theirs.client.answer(whoAmI))).toBeUndefined();
  });

  test('end with signOut, which takes the cookie away', async () => {
    const { client } = await api.join('viewer');
    const { headers } = await client.post(
      JSON.stringify({ query: 'mutation { signOut(input: {}) { ok } }' }),
    );
    expect(headers['set-cookie']?.[0]).toMatch(/^serverkit-\d+=; Path=\/; Max-Age=0;/);
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
  });
});
