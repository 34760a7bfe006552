import { request } from 'node:http';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink, StreamSink } from '../agents/link.ts';
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

/** The agent's end of a download. */
function agent() {
  const told = Promise.withResolvers<StreamSink<object>>();
  const seen = { granted: 0, stopped: false };
  const link = {
    subscribe(_document: unknown, _variables: unknown, _call: unknown, sink: StreamSink<object>) {
      told.resolve(sink);
      return {
        id: 'stream',
        grant: (bytes: number) => void (seen.granted += bytes),
        stop: () => void (seen.stopped = true),
      };
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  vi.spyOn(api.services.agents.commands, 'link').mockResolvedValue(link as unknown as AgentLink);
  return { seen, sink: told.promise };
}

const first = (name: string, sizeBytes: number | null) => ({
  piece: { file: { name, sizeBytes }, data: '' },
});
const next = (bytes: Buffer) => ({ piece: { file: null, data: bytes.toString('base64') } });

async function allowed(person = admin): Promise<string> {
  const { startFileDownload } = await person.client.query<{ startFileDownload: { url: string } }>(
    'mutation Allow($input: StartFileDownloadInput!) { startFileDownload(input: $input) { url } }',
    { input: { serverId: 'srv_1', place: { kind: 'CONTAINER', id: 'web' }, path: '/a' } },
  );
  return `${api.url}${startFileDownload.url}`;
}

const ended = (bytes: number) =>
  eventually(
    async () =>
      (await api.platform.db.prisma.auditEvent.findFirst({
        where: { action: 'file.downloaded', parameters: { path: ['bytes'], equals: bytes } },
      })) ?? undefined,
    'the end of the download to be on record',
  );

describe('a download', () => {
  test('comes whole, as something to save and never to show, and once', async () => {
    const { sink } = agent();
    const url = await allowed();
    const answer = http(url, { headers: { 'sec-fetch-site': 'same-origin' } });
    const agentEnd = await sink;
    agentEnd.next(first('<b>é.html', 11));
    agentEnd.next(next(Buffer.from('hello ')));
    agentEnd.next(next(Buffer.from('world')));
    agentEnd.end();
    const { status, headers, body } = await answer;
    expect([status, body]).toEqual([200, 'hello world']);
    expect(headers).toMatchObject({
      'content-length': '11',
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="_b__.html"; filename*=UTF-8''_b_%C3%A9.html`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      connection: 'close',
    });
    expect(await ended(11)).toMatchObject({ outcome: 'ok', actorId: admin.userId, serverId: 'srv_1' });
    expect((await http(url)).status).toBe(404);
  });

  test('that the link cuts breaks off, and is on record as failed', async () => {
    const { sink } = agent();
    const answer = http(await allowed());
    const agentEnd = await sink;
    agentEnd.next(first('a', 100));
    agentEnd.next(next(Buffer.from('half')));
    agentEnd.end(new ServerKitError('AGENT_OFFLINE', 'The link broke.'));
    await expect(answer).rejects.toThrow(/aborted|hang up/);
    expect(await ended(4)).toMatchObject({ outcome: 'failed', code: 'AGENT_OFFLINE' });
  });

  test('that brings more or less than its size breaks off, and nothing comes after it', async () => {
    for (const [bytes, sent] of [
      ['hello world', 0],
      ['hel', 3],
    ] as const) {
      const { sink } = agent();
      const answer = http(await allowed());
      const agentEnd = await sink;
      agentEnd.next(first('a', 5));
      agentEnd.next(next(Buffer.from(bytes)));
      agentEnd.end();
      await expect(answer).rejects.toThrow(/aborted|hang up/);
      expect(await ended(sent)).toMatchObject({ outcome: 'failed' });
      vi.restoreAllMocks();
    }
  });

  test('that its reader leaves is given up', async () => {
    const { seen, sink } = agent();
    const asked = request(await allowed(), { agent: false }).end();
    asked.on('error', () => undefined);
    const agentEnd = await sink;
    agentEnd.next(first('a', null));
    const bytes = Buffer.alloc(777);
    agentEnd.next(next(bytes));
    await once(asked, 'response');
    asked.destroy();
    await eventually(() => seen.stopped, 'the stream to be stopped');
    expect(await ended(777)).toMatchObject({ code: 'CANCELLED' });
  });

  test('that the agent refuses is told as it is', async () => {
    const { sink } = agent();
    const answer = http(await allowed());
    (await sink).end(new ServerKitError('NOT_FOUND', 'There is no "/a" there.'));
    const { status, body } = await answer;
    expect(status).toBe(404);
    expect(body).toContain('NOT_FOUND');
  });

  test('is not to be had by another page, after signing out, or without its secret', async () => {
    agent();
    const foreign = await http(await allowed(), { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(foreign.status).toBe(403);
    expect((await http(`${api.url}/files/download/never`)).status).toBe(404);
    const other = await api.join('admin');
    const url = await allowed(other);
    await api.platform.db.prisma.session.deleteMany({ where: { userId: other.userId } });
    expect((await http(url)).status).toBe(401);
    const viewer = await api.join('viewer');
    await expect(allowed(viewer)).rejects.toThrow(/files:read/);
  });
});
