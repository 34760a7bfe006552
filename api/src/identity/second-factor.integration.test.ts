import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, parseAnswer, type TestClient } from '../../../testing/graphql-client.ts';
import { testApi, testPassword, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { Identity } from './service.ts';
import { challengeLifetimeMs } from './sign-in.ts';

const begin = `mutation { beginSecondFactor(input: {}) { secret uri } }`;
const confirm = `mutation ($input: ConfirmSecondFactorInput!) { confirmSecondFactor(input: $input) { recoveryCodes } }`;
const disable = `mutation { disableSecondFactor(input: {}) { ok } }`;
const renew = `mutation { renewRecoveryCodes(input: {}) { recoveryCodes } }`;
const reset = `mutation ($input: ResetSecondFactorInput!) { resetSecondFactor(input: $input) { user { secondFactor } } }`;
const signIn = `mutation ($input: SignInInput!) {
  signIn(input: $input) { sessionProof viewer { user { id } } secondFactor { challenge expiresAt } }
}`;
const completeSignIn = `mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { sessionProof } }`;
const confirmSignIn = `mutation ($input: ConfirmSignInInput!) { confirmSignIn(input: $input) { session { freshUntil } } }`;
const state = '{ viewer { secondFactor { recoveryCodesLeft } } }';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

/** What an authenticator app shows, so many steps from now. */
function codeAt(secret: string, steps = 0): string {
  return new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });
}

async function enrol(client: TestClient) {
  const { beginSecondFactor } = await client.query<{ beginSecondFactor: { secret: string; uri: string } }>(
    begin,
  );
  const { secret } = beginSecondFactor;
  const { confirmSecondFactor } = await client.query<{ confirmSecondFactor: { recoveryCodes: string[] } }>(
    confirm,
    {
      input: { code: codeAt(secret) },
    },
  );
  return { ...beginSecondFactor, codes: confirmSecondFactor.recoveryCodes };
}

async function someoneEnrolled() {
  const person = await api.join('operator');
  return { ...person, email: `${person.userId}@example.com`, ...(await enrol(person.client)) };
}

async function challengeFor(email: string): Promise<string> {
  const { data } = await api.stranger.answer<{ signIn: { secondFactor: { challenge: string } | null } }>(
    signIn,
    {
      input: { email, password: testPassword },
    },
  );
  return data?.signIn.secondFactor?.challenge ?? '';
}

const complete = (challenge: string, code: string) =>
  api.stranger.answer(completeSignIn, { input: { challenge, code } });

/** The same people and data with a clock of the test's own. */
function identityAt(now: () => number): Identity {
  const { access, audit, topics } = api.services;
  return new Identity({ ...api.platform, access, audit, topics, now });
}

describe('turning it on', () => {
  test('shows a secret an app can scan, and counts from the first right code on', async () => {
    const { client, userId } = await api.join('viewer');
    const other = await api.services.identity.sessions.create(api.platform.db.prisma, userId, {
      address: '192.0.2.7',
      userAgent: '',
    });
    const { beginSecondFactor: shown } = await client.query<{
      beginSecondFactor: { secret: string; uri: string };
    }>(begin);
    expect(shown.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(shown.uri).toMatch(
      /^otpauth:\/\/totp\/ServerKit%20127\.0\.0\.1:.*&algorithm=SHA1&digits=6&period=30/,
    );
    expect(await client.query(state)).toEqual({ viewer: { secondFactor: null } });
    const wrong = await client.answer(confirm, { input: { code: '000000' } });
    expect(codeOf(wrong)).toBe('SECOND_FACTOR_INVALID');
    const { confirmSecondFactor } = await client.query<{ confirmSecondFactor: { recoveryCodes: string[] } }>(
      confirm,
      {
        input: { code: codeAt(shown.secret) },
      },
    );
    expect(new Set(confirmSecondFactor.recoveryCodes).size).toBe(10);
    expect(confirmSecondFactor.recoveryCodes[0]).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    expect(await client.query(state)).toEqual({ viewer: { secondFactor: { recoveryCodesLeft: 10 } } });
    const ended = await api.platform.db.prisma.session.findUniqueOrThrow({ where: { id: other.id } });
    expect(ended.revokedAt).not.toBeNull();
    expect(codeOf(await client.answer(begin))).toBe('CONFLICT');
  });

  test('keeps the secret sealed and the recovery codes as hashes', async () => {
    const { userId, secret, codes } = await someoneEnrolled();
    const { prisma } = api.platform.db;
    const row = await prisma.secondFactor.findUniqueOrThrow({ where: { userId } });
    const bytes = Buffer.from(new TOTP({ secret }).secret.bytes);
    expect(Buffer.from(row.sealedSecret).includes(bytes)).toBe(false);
    await prisma.secondFactor.update({
      where: { userId: (await someoneEnrolled()).userId },
      data: { sealedSecret: row.sealedSecret },
    });
    const stored = await prisma.recoveryCode.findMany({ where: { userId } });
    expect(stored).toHaveLength(10);
    expect(JSON.stringify(stored)).not.toContain(codes[0]);
  });
});

describe('signing in with it', () => {
  test('takes a second step, which one-step clients are told by code', async () => {
    const { email, secret, userId } = await someoneEnrolled();
    const input = { email, password: testPassword };
    const oneStep = await api.stranger.answer(
      'mutation ($input: SignInInput!) { signIn(input: $input) { sessionProof } }',
      {
        input,
      },
    );
    expect(codeOf(oneStep)).toBe('SECOND_FACTOR_REQUIRED');
    expect(oneStep.data).toBeNull();

    const first = await api.stranger.post(JSON.stringify({ query: signIn, variables: { input } }));
    expect(first.headers['set-cookie']).toBeUndefined();
    const { data } = parseAnswer<{ signIn: { sessionProof: null; secondFactor: { challenge: string } } }>(
      first.body,
    );
    expect(data?.signIn).toMatchObject({ sessionProof: null, viewer: null });
    const second = await api.stranger.post(
      JSON.stringify({
        query: completeSignIn,
        variables: { input: { challenge: data?.signIn.secondFactor.challenge, code: codeAt(secret, 1) } },
      }),
    );
    expect(second.headers['set-cookie']).toHaveLength(1);
    const proof = parseAnswer<{ completeSignIn: { sessionProof: string } }>(second.body).data?.completeSignIn
      .sessionProof;
    const cookie = second.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const session = { cookie, proof: proof ?? '' };
    expect(await api.stranger.with({ session }).query('{ viewer { user { id } } }')).toEqual({
      viewer: { user: { id: userId } },
    });
  });

  test('is unchanged for those without it', async () => {
    const { userId } = await api.join('viewer');
    const answer = await api.stranger.query<{ signIn: object }>(signIn, {
      input: { email: `${userId}@example.com`, password: testPassword },
    });
    expect(answer.signIn).toMatchObject({
      sessionProof: expect.any(String),
      secondFactor: null,
      viewer: { user: { id: userId } },
    });
  });

  test('takes no code twice, also not at the same time, nor one older than the last', async () => {
    const { email, secret } = await someoneEnrolled();
    const challenge = await challengeFor(email);
    const next = codeAt(secret, 1);
    const answers = await Promise.all([complete(challenge, next), complete(challenge, next)]);
    expect(answers.map(codeOf)).toEqual(expect.arrayContaining(['SECOND_FACTOR_INVALID', undefined]));
    for (const code of [next, codeAt(secret), codeAt(secret, -1)]) {
      expect(codeOf(await complete(challenge, code))).toBe('SECOND_FACTOR_INVALID');
    }
  });

  test('takes each recovery code once, however it is typed, and of two at once one', async () => {
    const { email, codes, client } = await someoneEnrolled();
    const challenge = await challengeFor(email);
    const [first = '', second = ''] = codes;
    const typed = ` ${first.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O')} `;
    expect(codeOf(await complete(challenge, typed))).toBeUndefined();
    expect(codeOf(await complete(challenge, first))).toBe('SECOND_FACTOR_INVALID');
    const both = await Promise.all([complete(challenge, second), complete(challenge, second)]);
    expect(both.map(codeOf)).toEqual(expect.arrayContaining(['SECOND_FACTOR_INVALID', undefined]));
    expect(await client.query(state)).toEqual({ viewer: { secondFactor: { recoveryCodesLeft: 8 } } });
    const { renewRecoveryCodes } = await client.query<{ renewRecoveryCodes: { recoveryCodes: string[] } }>(
      renew,
    );
    expect(codeOf(await complete(challenge, codes[2] ?? ''))).toBe('SECOND_FACTOR_INVALID');
    expect(codeOf(await complete(challenge, renewRecoveryCodes.recoveryCodes[0] ?? ''))).toBeUndefined();
  });

  test("takes nobody else's code or challenge, and none that is too old", async () => {
    const [one, two] = [await someoneEnrolled(), await someoneEnrolled()];
    const challenge = await challengeFor(one.email);
    expect(codeOf(await complete(challenge, codeAt(two.secret, 1)))).toBe('SECOND_FACTOR_INVALID');
    expect(codeOf(await complete(challenge, two.codes[0] ?? ''))).toBe('SECOND_FACTOR_INVALID');
    expect(codeOf(await complete(`${challenge.slice(0, -2)}AA`, codeAt(one.secret, 1)))).toBe(
      'UNAUTHENTICATED',
    );

    const visitor = { address: '192.0.2.1', userAgent: '' };
    const later = identityAt(() => Date.now() + challengeLifetimeMs + 1_000);
    await expect(
      later.signIn.complete({ challenge, code: one.codes[0] ?? '' }, visitor),
    ).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    // A challenge does not outlive the password it was given for.
    await api.platform.db.prisma.user.update({ where: { id: one.userId }, data: { passwordHash: '-' } });
    expect(codeOf(await complete(challenge, one.codes[0] ?? ''))).toBe('UNAUTHENTICATED');
  });

  test('slows down those who guess, from wherever they do', async () => {
    const { email, codes } = await someoneEnrolled();
    let now = Date.now();
    const identity = identityAt(() => now);
    const challenge = await challengeFor(email);
    const guess = (place: number, code = '000000') =>
      identity.signIn
        .complete({ challenge, code }, { address: `192.0.2.${place}`, userAgent: '' })
        .then(() => 'in')
        .catch(({ code: why }: { code: string }) => why);
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, place) => guess(place)));
    expect(guesses.filter((why) => why === 'SECOND_FACTOR_INVALID')).toHaveLength(10);
    expect(guesses.filter((why) => why === 'RATE_LIMITED')).toHaveLength(2);
    expect(await guess(100, codes[0])).toBe('RATE_LIMITED');
    now += 1_000;
    expect(await guess(100, codes[0])).toBe('in');
  });
});

describe('turning it off', () => {
  test('is one’s own affair, or an administrator’s who ends the sessions too', async () => {
    const own = await someoneEnrolled();
    await own.client.query(disable);
    expect(codeOf(await own.client.answer(disable))).toBe('CONFLICT');
    expect(await challengeFor(own.email)).toBe('');

    const lost = await someoneEnrolled();
    expect(await admin.client.query(reset, { input: { userId: lost.userId } })).toEqual({
      resetSecondFactor: { user: { secondFactor: false } },
    });
    expect(codeOf(await lost.client.answer(state))).toBe('UNAUTHENTICATED');
    expect(codeOf(await admin.client.answer(reset, { input: { userId: lost.userId } }))).toBe('CONFLICT');
    const operator = await api.join('operator');
    expect(codeOf(await operator.client.answer(reset, { input: { userId: lost.userId } }))).toBe(
      'PERMISSION_DENIED',
    );
  });
});

describe('a sensitive change', () => {
  const change = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { user { role } } }`;
  const stale = (sessionId: string) =>
    api.platform.db.prisma.session.update({
      where: { id: sessionId },
      data: { freshAt: new Date(Date.now() - 16 * 60_000) },
    });

  test('wants the password again after 15 minutes, and the second factor where there is one', async () => {
    const { client, sessionId } = await api.join('admin');
    const { userId } = await api.join('viewer');
    const { secret } = await enrol(client);
    await stale(sessionId);
    const promote = () => client.answer(change, { input: { userId, role: 'OPERATOR' } });
    const prove = (input: object) => client.answer(confirmSignIn, { input });
    expect(codeOf(await promote())).toBe('FRESH_SIGN_IN_REQUIRED');
    expect(codeOf(await client.answer(change, { input: { userId, name: 'Just a name' } }))).toBeUndefined();
    expect(codeOf(await prove({ password: 'not it' }))).toBe('CREDENTIALS_INVALID');
    expect(codeOf(await prove({ password: testPassword }))).toBe('SECOND_FACTOR_REQUIRED');
    expect(codeOf(await prove({ password: testPassword, code: '000000' }))).toBe('SECOND_FACTOR_INVALID');
    expect(codeOf(await promote())).toBe('FRESH_SIGN_IN_REQUIRED');
    expect(codeOf(await prove({ password: testPassword, code: codeAt(secret, 1) }))).toBeUndefined();
    expect(codeOf(await promote())).toBeUndefined();
  });
});
