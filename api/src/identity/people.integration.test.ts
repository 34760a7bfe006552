import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, type Answer } from '../../../testing/graphql-client.ts';
import { within } from '../../../testing/events.ts';
import { testApi, testPassword, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { rawSocket, subscribeMessage } from '../live/testing.ts';

const updateUser = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { user { id name role } } }`;
const setUserDisabled = `mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { disabledAt } } }`;
const deleteUser = `mutation ($input: DeleteUserInput!) { deleteUser(input: $input) { deletedUserId } }`;
const resetPassword = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { link } }`;

const whoAmI = '{ viewer { user { id } } }';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

async function actions(targetId: string): Promise<string[]> {
  await api.services.audit.flush();
  const events = await api.platform.db.prisma.auditEvent.findMany({
    where: { targetId },
    orderBy: { id: 'asc' },
  });
  return events.map(({ action, outcome }) => `${action} ${outcome}`);
}

describe('the list of users', () => {
  test('is a page of those who fit, with what there is to know of each and no secret', async () => {
    const gone = await api.join('operator');
    await admin.client.query(setUserDisabled, { input: { userId: gone.userId, disabled: true } });
    const list = `query ($filter: UserFilter) {
      users(filter: $filter) { totalCount nodes { id email role disabledAt secondFactor hasPassword lastSignInAt } }
    }`;
    const ask = async (filter: object) => {
      const { users } = await admin.client.query<{ users: { totalCount: number; nodes: { id: string }[] } }>(
        list,
        { filter },
      );
      expect(users.nodes).toHaveLength(users.totalCount);
      return users.nodes.map(({ id }) => id);
    };
    expect(await ask({})).toEqual(expect.arrayContaining([admin.userId, gone.userId]));
    expect(await ask({ disabled: true })).toEqual([gone.userId]);
    expect(await ask({ role: 'ADMIN' })).toEqual([admin.userId]);
    expect(await ask({ text: gone.userId.toUpperCase() })).toEqual([gone.userId]);
    const { user } = await admin.client.query<{ user: object }>(
      'query ($id: ID!) { user(id: $id) { secondFactor hasPassword } }',
      { id: gone.userId },
    );
    expect(user).toEqual({ secondFactor: false, hasPassword: true });
  });

  test('is not for those without users:read', async () => {
    const { client } = await api.join('operator');
    expect(codeOf(await client.answer('{ users { nodes { id } } }'))).toBe('PERMISSION_DENIED');
    expect(codeOf(await client.answer(`{ user(id: "${admin.userId}") { id } }`))).toBe('PERMISSION_DENIED');
  });
});

describe('a role', () => {
  test('that is taken away is gone from what is open at once', async () => {
    const { client, userId } = await api.join('admin');
    using socket = await rawSocket(api.url, { client });
    socket.send(
      subscribeMessage('1', 'subscription { serverEvents { server { registration { expiresAt } } } }'),
    );
    // Answered after the subscription was taken in.
    socket.send(subscribeMessage('2', whoAmI));
    await socket.next(({ id, type }) => id === '2' && type === 'next');
    await admin.client.query(updateUser, { input: { userId, role: 'VIEWER' } });
    expect(await socket.next(({ id }) => id === '1')).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'PERMISSION_DENIED' } }],
    });
    expect(await actions(userId)).toEqual(['user.update ok']);
  });

  test('or an account with more than one holds oneself is out of reach', async () => {
    const { prisma } = api.platform.db;
    const victim = await api.join('admin');
    const weak = await api.join('operator');
    const { people, resets } = api.services.identity;
    const session = await api.services.identity.authenticate({
      cookie: weak.client.session.cookie?.split('=')[1],
      proof: weak.client.session.proof,
    });
    if (!session) throw new Error('the clerk is not signed in');
    // As if a scope for users were all they had: the field lets them in, and the service has to stop them.
    const by = { principal: session, address: '192.0.2.1' };
    for (const attempt of [
      () => people.update(victim.userId, { name: 'Mine' }, by),
      () => people.update(weak.userId, { role: 'admin' }, by),
      () => people.setDisabled(victim.userId, true, by),
      () => people.delete(victim.userId, by),
      () => resets.create(victim.userId, by),
      () => api.services.identity.resetSecondFactor(victim.userId, by),
      () =>
        api.services.identity.invitations.create(
          { email: 'eve@example.com', name: '', role: 'admin', access: 'all', grants: [] },
          by,
        ),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(await prisma.user.findUnique({ where: { id: victim.userId } })).toMatchObject({
      name: 'admin',
      disabledAt: null,
      passwordHash: expect.any(String),
    });
    expect((await prisma.user.findUniqueOrThrow({ where: { id: weak.userId } })).role).toBe('operator');
    expect(await prisma.invitation.count({ where: { email: 'eve@example.com' } })).toBe(0);
    expect(await actions(victim.userId)).toContain('user.resetPassword refused');
    await admin.client.query(deleteUser, { input: { userId: victim.userId } });
  });
});

describe('someone who is disabled', () => {
  test('is out at once: sessions, sockets, and signing in; enabling brings nothing back', async () => {
    const { client, userId } = await api.join('operator');
    using socket = await rawSocket(api.url, { client });
    await admin.client.query(setUserDisabled, { input: { userId, disabled: true } });
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
    await admin.client.query(setUserDisabled, { input: { userId, disabled: false } });
    expect(codeOf(await client.answer(whoAmI))).toBe('UNAUTHENTICATED');
    expect(await actions(userId)).toEqual(['user.disable ok', 'user.enable ok']);
  });

  test('and is deleted leaves their record behind', async () => {
    const { client, userId } = await api.join('operator');
    await client.query('mutation { updateViewer(input: { name: "Grace" }) { viewer { user { name } } } }');
    using socket = await rawSocket(api.url, { client });
    await admin.client.query(deleteUser, { input: { userId } });
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
    expect(await actions(userId)).toEqual(['user.rename ok', 'user.delete ok']);
    expect(codeOf(await admin.client.answer(deleteUser, { input: { userId } }))).toBe('NOT_FOUND');
  });
});

describe('the last administrator', () => {
  test('cannot be disabled, demoted, deleted or locked out, also not by two at the same time', async () => {
    await using own = await testApi();
    const [one, two] = [await own.join('admin'), await own.join('admin')];
    const { prisma } = own.platform.db;
    type Deed = (by: TestPerson, userId: string) => Promise<Answer<unknown>>;
    const disable: Deed = ({ client }, userId) =>
      client.answer(setUserDisabled, { input: { userId, disabled: true } });
    const demote: Deed = ({ client }, userId) =>
      client.answer(updateUser, { input: { userId, role: 'OPERATOR' } });
    const remove: Deed = ({ client }, userId) => client.answer(deleteUser, { input: { userId } });
    const lockOut: Deed = ({ client }, userId) => client.answer(resetPassword, { input: { userId } });
    for (const [first, second] of [
      [disable, disable],
      [demote, lockOut],
      [disable, demote],
    ] as const) {
      const answers = await Promise.all([first(one, two.userId), second(two, one.userId)]);
      expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1);
      // The loser was too late twice over: the winner may have taken their rights before they were looked at.
      expect(answers.map(codeOf).find((code) => code !== undefined)).toMatch(
        /CONFLICT|PERMISSION_DENIED|UNAUTHENTICATED/,
      );
      const working = { role: 'admin', disabledAt: null, passwordHash: { not: null } };
      expect(await prisma.user.count({ where: working })).toBe(1);
      await prisma.user.updateMany({ data: { role: 'admin', disabledAt: null, passwordHash: '-' } });
      await prisma.session.updateMany({ data: { revokedAt: null } });
    }
    await prisma.user.update({ where: { id: two.userId }, data: { disabledAt: new Date() } });
    for (const deed of [disable, demote, remove])
      expect(codeOf(await deed(one, one.userId))).toBe('CONFLICT');
    // Someone without a password yet cannot take over.
    await prisma.user.update({ where: { id: two.userId }, data: { disabledAt: null, passwordHash: null } });
    expect(codeOf(await demote(one, one.userId))).toBe('CONFLICT');
  });
});

describe("one's own account", () => {
  const changePassword = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { user { id } } } }`;

  test('changes its password with the one before, and ends its other sessions', async () => {
    const { client, userId } = await api.join('viewer');
    const other = await api.services.identity.sessions.create(api.platform.db.prisma, userId, {
      address: '192.0.2.7',
      userAgent: '',
    });
    const newPassword = 'another one for tests';
    const change = (currentPassword: string, next: string) =>
      client.answer(changePassword, { input: { currentPassword, newPassword: next } });
    expect(codeOf(await change('not it', newPassword))).toBe('CREDENTIALS_INVALID');
    expect(codeOf(await change(testPassword, 'password1234'))).toBe('INPUT_INVALID');
    expect(codeOf(await change(testPassword, newPassword))).toBeUndefined();
    expect(codeOf(await client.answer(whoAmI))).toBeUndefined();
    const session = await api.platform.db.prisma.session.findUniqueOrThrow({ where: { id: other.id } });
    expect(session.revokedAt).not.toBeNull();
    expect(codeOf(await change(testPassword, newPassword))).toBe('CREDENTIALS_INVALID');
    expect(await actions(userId)).toEqual(['user.changePassword ok']);
  });
});
