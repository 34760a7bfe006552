import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { quiet } from '../database/testing.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { addServer } from '../metrics/testing.ts';
import { sweepAll, sweepsOf } from './service.ts';

let api: TestApi;
let person: TestPerson;
beforeAll(async () => {
  api = await testApi();
  person = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

const day = 24 * 60 * 60_000;
const now = Date.UTC(2030, 0, 1);
const ago = (days: number) => new Date(now - days * day);
const { signal } = new AbortController();
const sweep = () => sweepAll(sweepsOf(api.services), { log: quiet, signal, now });

let serverId = '';
beforeEach(async () => {
  serverId = (await addServer(api.platform.db)).id;
});

const secret = () => crypto.getRandomValues(new Uint8Array(32));

test('what ended is kept for its time and then deleted; what has not ended stays', async () => {
  const { prisma } = api.platform.db;
  const userId = person.userId;
  const open = new Date(now + day);
  const link = { linkHash: secret(), createdById: userId };
  await prisma.session.deleteMany();
  await prisma.session.createMany({
    data: [
      { id: 'old', expiresAt: ago(31) },
      { id: 'revoked', expiresAt: open, revokedAt: ago(31) },
      { id: 'kept', expiresAt: ago(29) },
      { id: 'open', expiresAt: open },
    ].map((session) =>
      Object.assign(
        { userId, cookieHash: secret(), proofHash: secret(), address: '', userAgent: '' },
        session,
      ),
    ),
  });
  await prisma.invitation.createMany({
    data: [
      { id: 'old', expiresAt: ago(31) },
      { id: 'accepted', expiresAt: open, acceptedAt: ago(31) },
      { id: 'kept', expiresAt: ago(29) },
    ].map((invitation) =>
      Object.assign({ ...link, email: `${invitation.id}@example.com`, role: 'viewer' }, invitation),
    ),
  });
  await prisma.passwordReset.createMany({
    data: [
      { id: 'old', expiresAt: ago(31) },
      { id: 'kept', expiresAt: ago(29), usedAt: ago(29) },
    ].map((reset) => Object.assign({ ...link, userId }, reset)),
  });
  await prisma.registrationToken.createMany({
    data: [
      { id: 'old', expiresAt: ago(50), createdAt: ago(51) },
      { id: 'newest', expiresAt: ago(40), createdAt: ago(41) },
    ].map((token) => Object.assign({ serverId, sealedKey: secret() }, token)),
  });
  await prisma.apiToken.createMany({
    data: [
      { id: 'old', expiresAt: ago(91) },
      { id: 'revoked', revokedAt: ago(91) },
      { id: 'kept', revokedAt: ago(89) },
      { id: 'for ever' },
    ].map((token) => Object.assign({ userId, name: token.id, secretHash: secret() }, token)),
  });
  await prisma.linkSession.createMany({
    data: [
      { id: 'old', endedAt: ago(91) },
      { id: 'kept', endedAt: ago(89) },
      { id: 'up', connectedAt: ago(400) },
    ].map((one) => Object.assign({ serverId, epoch: 1, address: '', agentVersion: '', machineId: '' }, one)),
  });
  await sweep();
  const ids = async (rows: Promise<{ id: string }[]>) => (await rows).map(({ id }) => id).toSorted();
  expect(await ids(prisma.session.findMany())).toEqual(['kept', 'open']);
  expect(await ids(prisma.invitation.findMany())).toEqual(['kept']);
  expect(await ids(prisma.passwordReset.findMany())).toEqual(['kept']);
  expect(await ids(prisma.registrationToken.findMany())).toEqual(['newest']);
  expect(await ids(prisma.apiToken.findMany())).toEqual(['for ever', 'kept']);
  expect(await ids(prisma.linkSession.findMany())).toEqual(['kept', 'up']);
});

test('one that fails holds up none of the others', async () => {
  const told: string[] = [];
  const one = (what: string) => ({
    what,
    days: 1,
    sweep: () => (what === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(told.push(what))),
  });
  await sweepAll([one('first'), one('bad'), one('last')], { log: quiet, signal });
  expect(told).toEqual(['first', 'last']);
});
