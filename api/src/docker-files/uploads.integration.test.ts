import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink } from '../agents/link.ts';
import type { Command } from '../agents/commands.ts';
import { ServerKitError } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => api[Symbol.asyncDispose]());

interface Sent {
  readonly id: string;
  readonly offset: number;
  readonly data: string;
}

/** The agent's end of an upload. */
function agent({ ready = true, write = (_piece: Sent): Promise<void> => Promise.resolve() } = {}) {
  const pieces: Sent[] = [];
  const aborted: string[] = [];
  const finished: { readonly id: string; readonly sha256: string }[] = [];
  const link = {
    async run(document: { definitions: { name: { value: string } }[] }, variables: Sent) {
      const name = document.definitions[0]?.name.value;
      if (name === 'OpenFileUpload') return { upload: { ready } };
      if (name === 'AbortFileUpload') aborted.push(variables.id);
      if (name === 'WriteFileUpload') {
        await write(variables);
        pieces.push(variables);
      }
      return {};
    },
  };
  const { agents } = api.services;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  const whole = link as unknown as AgentLink;
  vi.spyOn(agents.commands, 'link').mockResolvedValue(whole);
  vi.spyOn(agents.links, 'get').mockReturnValue(whole);
  vi.spyOn(agents.commands, 'run').mockImplementation((command: Command<unknown, unknown>) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only command there is
    finished.push(command.variables as { id: string; sha256: string });
    return Promise.resolve(null);
  });
  return { pieces, aborted, finished };
}

async function allowed(sizeBytes: number, { person = admin, path = '/a' } = {}): Promise<string> {
  const { startFileUpload } = await person.client.query<{ startFileUpload: { url: string } }>(
    'mutation Allow($input: StartFileUploadInput!) { startFileUpload(input: $input) { url } }',
    { input: { serverId: 'srv_1', place: { kind: 'CONTAINER', id: 'web' }, path, sizeBytes } },
  );
  return `${api.url}${startFileUpload.url}`;
}

const recorded = (action: string, path: string) =>
  eventually(
    async () =>
      (await api.platform.db.prisma.auditEvent.findFirst({
        where: { action, parameters: { path: ['path'], equals: path } },
      })) ?? undefined,
    'the upload to be on record',
  );

describe('an upload', () => {
  test('goes to the agent piece by piece, and is finished with its sum, once', async () => {
    const { pieces, finished, aborted } = agent();
    const body = randomBytes(500_000);
    const url = await allowed(body.length, { path: '/whole' });
    const answer = await http(url, { method: 'PUT', body });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { path: '/whole', sizeBytes: 500_000 }]);
    expect(Buffer.concat(pieces.map(({ data }) => Buffer.from(data, 'base64'))).equals(body)).toBe(true);
    expect(Math.max(...pieces.map(({ data }) => data.length))).toBeLessThanOrEqual(192 * 1024);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(finished).toEqual([{ id: pieces[0]?.id, sha256 }]);
    expect(aborted).toEqual([]);
    expect(await recorded('file.upload', '/whole')).toMatchObject({ outcome: 'ok', actorId: admin.userId });
    expect((await http(url, { method: 'PUT', body })).status).toBe(404);
  });

  test('of nothing is one, too', async () => {
    const { pieces, finished } = agent();
    expect((await http(await allowed(0), { method: 'PUT', body: '' })).status).toBe(200);
    expect([pieces.length, finished.length]).toEqual([0, 1]);
  });

  test('of a file that is there asks first', async () => {
    agent({ ready: false });
    await expect(allowed(1, { path: '/there' })).rejects.toThrow(/file of this name/);
    expect(await recorded('file.upload', '/there')).toMatchObject({ outcome: 'failed', code: 'CONFLICT' });
  });

  test('of another length than was announced is given up, on the agent as well', async () => {
    const { aborted, finished } = agent();
    const short = await http(await allowed(10, { path: '/short' }), { method: 'PUT', body: 'short' });
    expect([short.status, short.body]).toEqual([400, expect.stringContaining('INPUT_INVALID')]);
    const long = await http(await allowed(3, { path: '/long' }), {
      method: 'PUT',
      headers: { 'transfer-encoding': 'chunked' },
      body: 'longer than that',
    });
    expect(long.status).toBe(400);
    expect(await recorded('file.uploaded', '/long')).toMatchObject({
      outcome: 'failed',
      code: 'INPUT_INVALID',
    });
    await eventually(() => aborted.length === 2, 'the agent to hear of both');
    expect(finished).toEqual([]);
  });

  test('that its sender leaves is given up', async () => {
    const came = Promise.withResolvers<void>();
    const { aborted } = agent({ write: () => Promise.resolve(came.resolve()) });
    const url = await allowed(1_000_000, { path: '/left' });
    const sending = request(url, { method: 'PUT', agent: false, headers: { 'content-length': 1_000_000 } });
    sending.on('error', () => undefined);
    sending.write(randomBytes(200_000));
    await came.promise;
    sending.destroy();
    await eventually(() => aborted.length === 1, 'the agent to hear of it');
    expect(await recorded('file.uploaded', '/left')).toMatchObject({ outcome: 'failed', code: 'CANCELLED' });
  });

  test('that the link cuts is told as it is, while its sender still sends', async () => {
    const cut = new ServerKitError('OUTCOME_UNKNOWN', 'The link broke.');
    const { aborted } = agent({ write: () => Promise.reject(cut) });
    const answer = await http(await allowed(3_000_000, { path: '/cut' }), {
      method: 'PUT',
      body: randomBytes(3_000_000),
    });
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining('AGENT_OFFLINE')]);
    expect(aborted).toHaveLength(1);
    expect(await recorded('file.uploaded', '/cut')).toMatchObject({
      outcome: 'failed',
      code: 'AGENT_OFFLINE',
    });
  });

  test('whose right ends with its last piece is given up, on record', async () => {
    const other = await api.join('admin');
    const { aborted, finished } = agent({
      async write() {
        await api.platform.db.prisma.session.deleteMany({ where: { userId: other.userId } });
      },
    });
    const url = await allowed(4, { person: other, path: '/ended' });
    expect((await http(url, { method: 'PUT', body: 'last' })).status).toBe(401);
    expect(await recorded('file.uploaded', '/ended')).toMatchObject({
      outcome: 'failed',
      code: 'UNAUTHENTICATED',
    });
    expect([aborted.length, finished.length]).toEqual([1, 0]);
  });

  test('is not for another page, without a ticket, after signing out, or for a viewer', async () => {
    agent();
    const put = { method: 'PUT', body: 'x' };
    const foreign = await http(await allowed(1), { ...put, headers: { 'sec-fetch-site': 'same-site' } });
    expect(foreign.status).toBe(403);
    expect((await http(`${api.url}/files/upload/never`, put)).status).toBe(404);
    const other = await api.join('admin');
    const url = await allowed(1, { person: other });
    await api.platform.db.prisma.session.deleteMany({ where: { userId: other.userId } });
    expect((await http(url, put)).status).toBe(401);
    await expect(allowed(1, { person: await api.join('viewer') })).rejects.toThrow(/files:write/);
  });
});
