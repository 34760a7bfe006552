import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, parseAnswer } from '../../../testing/graphql-client.ts';
import { testApi, testPassword, type TestApi, type TestPerson } from '../graphql/testing.ts';

const inviteUser = `mutation ($input: InviteUserInput!) { inviteUser(input: $input) { link expiresAt invitation { id } } }`;
const renewInvitation = `mutation ($input: RenewInvitationInput!) { renewInvitation(input: $input) { link } }`;
const revokeInvitation = `mutation ($input: RevokeInvitationInput!) { revokeInvitation(input: $input) { revokedInvitationId } }`;
const acceptInvitation = `mutation ($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) { sessionProof viewer { user { name email role } } }
}`;
const resetPassword = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { link user { hasPassword } } }`;
const completePasswordReset = `mutation ($input: CompletePasswordResetInput!) { completePasswordReset(input: $input) { email } }`;
const oneTimeLink = `query ($token: String!) { oneTimeLink(token: $token) { kind email name } }`;
const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { sessionProof } }`;
const whoAmI = '{ viewer { user { id } } }';

const password = 'correct horse battery staple';
const day = 24 * 60 * 60_000;

const tokenIn = (link: string): string => new URL(link).hash.slice(1);

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi({ env: { TRUST_PROXY: 'loopback' } });
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

async function invite(email: string, role = 'OPERATOR', by: TestPerson = admin) {
  const { inviteUser: invited } = await by.client.query<{
    inviteUser: { link: string; expiresAt: string; invitation: { id: string } };
  }>(inviteUser, { input: { email, name: 'Ada', role } });
  return { ...invited, id: invited.invitation.id, token: tokenIn(invited.link) };
}

/** Wrong links are slowed down by address, so each comes from another. */
let visitors = 0;
const newcomer = () => {
  visitors += 1;
  return api.stranger.with({ headers: { 'x-forwarded-for': `198.51.100.${visitors}` } });
};

const accept = (token: string, extra: object = {}) =>
  newcomer().answer(acceptInvitation, { input: { token, name: 'Ada L.', password, ...extra } });

const look = (token: string) => api.stranger.query<{ oneTimeLink: unknown }>(oneTimeLink, { token });

describe('an invitation', () => {
  test('makes its link a user with that role, who is signed in at once; and works once', async () => {
    const { link, token, expiresAt } = await invite('Ada@Example.com');
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invitation#sk_inv_[0-9a-z]{24}_[\w-]{43}$/);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(3 * day);
    expect(await look(token)).toEqual({
      oneTimeLink: { kind: 'INVITATION', email: 'ada@example.com', name: 'Ada' },
    });

    expect(codeOf(await accept(token, { password: 'ada@example.com' }))).toBe('INPUT_INVALID');
    const { headers, body } = await api.stranger.post(
      JSON.stringify({
        query: acceptInvitation,
        variables: { input: { token, name: 'Ada L.', password } },
      }),
    );
    const { data } = parseAnswer<{ acceptInvitation: { sessionProof: string; viewer: unknown } }>(body);
    expect(data?.acceptInvitation.viewer).toEqual({
      user: { name: 'Ada L.', email: 'ada@example.com', role: 'OPERATOR' },
    });
    const session = {
      cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '',
      proof: data?.acceptInvitation.sessionProof ?? '',
    };
    expect(codeOf(await api.stranger.with({ session }).answer(whoAmI))).toBeUndefined();

    expect(codeOf(await accept(token))).toBe('LINK_INVALID');
    expect(await look(token)).toEqual({ oneTimeLink: null });
    expect(
      codeOf(await admin.client.answer(inviteUser, { input: { email: ' ADA@example.com', role: 'VIEWER' } })),
    ).toBe('CONFLICT');
  });

  test('is kept as a hash, and its secret is nowhere', async () => {
    const { token, id } = await invite('hash@example.com');
    const secret = token.slice(-43);
    const { prisma } = api.platform.db;
    const rows = [
      await prisma.invitation.findUniqueOrThrow({ where: { id } }),
      await prisma.auditEvent.findMany({ where: { targetId: id } }),
    ];
    const text = JSON.stringify(rows, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(text).not.toContain(secret);
    expect(text).toContain('invitation.create');
  });

  test('that two accept at once makes one user', async () => {
    const { token } = await invite('raced@example.com');
    const answers = await Promise.all([accept(token), accept(token), accept(token)]);
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    expect(answers.map(codeOf).filter((code) => code !== undefined)).toEqual([
      'LINK_INVALID',
      'LINK_INVALID',
    ]);
    expect(await api.platform.db.prisma.user.count({ where: { email: 'raced@example.com' } })).toBe(1);
  });

  test('can be renewed, which ends the link before, and revoked', async () => {
    const first = await invite('again@example.com');
    expect(
      codeOf(
        await admin.client.answer(inviteUser, { input: { email: 'again@example.com', role: 'VIEWER' } }),
      ),
    ).toBe('CONFLICT');
    const { renewInvitation: renewed } = await admin.client.query<{ renewInvitation: { link: string } }>(
      renewInvitation,
      { input: { invitationId: first.id } },
    );
    expect(await look(first.token)).toEqual({ oneTimeLink: null });
    expect(codeOf(await accept(first.token))).toBe('LINK_INVALID');
    const second = tokenIn(renewed.link);
    expect(await look(second)).not.toEqual({ oneTimeLink: null });

    const list = '{ invitations { nodes { email role createdBy { id } } } }';
    const { invitations } = await admin.client.query<{ invitations: { nodes: object[] } }>(list);
    expect(invitations.nodes).toContainEqual({
      email: 'again@example.com',
      role: 'OPERATOR',
      createdBy: { id: admin.userId },
    });
    await admin.client.query(revokeInvitation, { input: { invitationId: first.id } });
    expect(codeOf(await accept(second))).toBe('LINK_INVALID');
    expect(codeOf(await admin.client.answer(renewInvitation, { input: { invitationId: first.id } }))).toBe(
      'NOT_FOUND',
    );
  });

  test('ends after 72 hours, and with the rights of who made it', async () => {
    const { prisma } = api.platform.db;
    const late = await invite('late@example.com');
    await prisma.invitation.update({
      where: { id: late.id },
      data: { expiresAt: new Date(Date.now() - 1) },
    });
    expect(codeOf(await accept(late.token))).toBe('LINK_INVALID');

    const inviter = await api.join('admin');
    const theirs = await invite('theirs@example.com', 'ADMIN', inviter);
    for (const [then, later] of [
      [{ role: 'operator' }, { role: 'admin' }],
      [{ disabledAt: new Date() }, { disabledAt: null }],
    ] as const) {
      await prisma.user.update({ where: { id: inviter.userId }, data: then });
      expect(codeOf(await accept(theirs.token))).toBe('LINK_INVALID');
      await prisma.user.update({ where: { id: inviter.userId }, data: later });
    }
    await prisma.user.delete({ where: { id: inviter.userId } });
    expect(codeOf(await accept(theirs.token))).toBe('LINK_INVALID');
  });

  test('says the same of a link that never was, is incomplete, or is for something else', async () => {
    const { token } = await invite('same@example.com');
    const answers = await Promise.all(
      [
        `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
        token.slice(0, 40),
        token.replace('sk_inv_', 'sk_rst_'),
        `sk_inv_${'0'.repeat(24)}_${'A'.repeat(43)}`,
      ].map((wrong) => accept(wrong)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer.errors))).size).toBe(1);
    expect(answers.map(codeOf)[0]).toBe('LINK_INVALID');
  });
});

describe('a password that an administrator resets', () => {
  test('is gone with the sessions, and chosen anew by a link that works once', async () => {
    const { client, userId } = await api.join('operator');
    const email = `${userId}@example.com`;
    const { resetPassword: reset } = await admin.client.query<{
      resetPassword: { link: string; user: object };
    }>(resetPassword, { input: { userId } });
    expect(reset.user).toEqual({ hasPassword: false });
    expect(reset.link).toMatch(/\/reset#sk_rst_/);
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
    const enter = (given: string) => api.stranger.answer(signIn, { input: { email, password: given } });
    expect(codeOf(await enter(testPassword))).toBe('CREDENTIALS_INVALID');

    const token = tokenIn(reset.link);
    expect(await look(token)).toEqual({ oneTimeLink: { kind: 'PASSWORD_RESET', email, name: 'operator' } });
    const complete = (given: string) =>
      newcomer().answer<object>(completePasswordReset, { input: { token, password: given } });
    expect(codeOf(await complete('short'))).toBe('INPUT_INVALID');
    const both = await Promise.all([complete(password), complete(`${password}!`)]);
    expect(both.map(codeOf).filter((code) => code !== undefined)).toEqual(['LINK_INVALID']);
    expect(both.map(({ data }) => data)).toContainEqual({ completePasswordReset: { email } });
    const entered = await Promise.all([enter(password), enter(`${password}!`)]);
    expect(entered.map(codeOf).filter((code) => code !== undefined)).toEqual(['CREDENTIALS_INVALID']);
  });

  test('has one link that works, the newest, while who made it may do so', async () => {
    const { prisma } = api.platform.db;
    const helper = await api.join('admin');
    const { userId } = await api.join('viewer');
    const make = async (by: TestPerson) => {
      const { resetPassword: made } = await by.client.query<{ resetPassword: { link: string } }>(
        resetPassword,
        {
          input: { userId },
        },
      );
      return tokenIn(made.link);
    };
    const first = await make(admin);
    const second = await make(helper);
    const works = async (token: string) => (await look(token)).oneTimeLink !== null;
    expect([await works(first), await works(second)]).toEqual([false, true]);
    await prisma.user.update({ where: { id: helper.userId }, data: { role: 'viewer' } });
    expect(await works(second)).toBe(false);
  });

  test("is somebody else's: one's own is changed, not reset", async () => {
    const answer = await admin.client.answer(resetPassword, { input: { userId: admin.userId } });
    expect(codeOf(answer)).toBe('INPUT_INVALID');
  });
});
