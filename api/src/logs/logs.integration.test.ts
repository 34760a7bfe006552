import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink, StreamSink } from '../agents/link.ts';
import { ServerKitError } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { addServer } from '../metrics/testing.ts';

let api: TestApi;
let admin: TestPerson;
let serverId: string;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
  serverId = (await addServer(api.platform.db)).id;
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => api[Symbol.asyncDispose]());

const at = '2026-11-22T10:00:00.000000001Z';
const said = (text: string) => ({
  containerLogs: { segments: [{ stream: 'STDOUT', text: `${at} ${text}\n`, partial: false }] },
});

/** The agent's end of the first log that is asked for. */
function agent() {
  const told = Promise.withResolvers<StreamSink<object>>();
  const seen = { stopped: false };
  const link = {
    serverId,
    closed: new AbortController().signal,
    subscribe(_document: unknown, _variables: unknown, _call: unknown, sink: StreamSink<object>) {
      told.resolve(sink);
      return { id: 'stream', grant: () => undefined, stop: () => void (seen.stopped = true) };
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  vi.spyOn(api.services.agents.links, 'get').mockReturnValue(link as unknown as AgentLink);
  return { seen, sink: told.promise };
}

async function allowed(person: TestPerson, input: object = {}): Promise<string> {
  const { startLogDownload } = await person.client.query<{ startLogDownload: { url: string } }>(
    'mutation Allow($input: StartLogDownloadInput!) { startLogDownload(input: $input) { url } }',
    { input: { sources: [{ serverId, containerId: 'web' }], ...input } },
  );
  return `${api.url}${startLogDownload.url}`;
}

const follow = (person: TestPerson) =>
  person.client.subscribe<{ mergedLogs: { segments: { text: string }[] } }>(
    'subscription Logs($sources: [LogSourceInput!]!) { mergedLogs(sources: $sources) { segments { text } sources { state } } }',
    { sources: [{ serverId, containerId: 'web' }] },
  );

describe('a saved log', () => {
  test('comes as a file under the name of its container, once, and is on record', async () => {
    const { sink } = agent();
    const url = await allowed(admin);
    const answer = http(url, { headers: { 'sec-fetch-site': 'same-origin' } });
    const end = await sink;
    end.next(said('hello'));
    end.end();
    const { status, headers, body } = await answer;
    expect([status, body]).toEqual([200, `${at} hello\n`]);
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="web.log"; filename*=UTF-8''web.log`,
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect((await http(url)).status).toBe(404);
    const event = await eventually(
      async () =>
        (await api.platform.db.prisma.auditEvent.findFirst({ where: { action: 'log.downloaded' } })) ??
        undefined,
      'the end of the download to be on record',
    );
    expect(event).toMatchObject({ outcome: 'ok', actorId: admin.userId, serverId });
  });

  test('is on record with how much was looked for in it, and not with what', async () => {
    agent();
    const token = 'needle-that-is-a-token';
    await allowed(admin, { filter: { text: token } });
    const event = await api.platform.db.prisma.auditEvent.findFirst({
      where: { action: 'log.download' },
      orderBy: { id: 'desc' },
    });
    expect(event?.parameters).toMatchObject({ filter: { text: '[22 characters]', regex: false } });
  });

  test('that cannot be read is an error and no file', async () => {
    const { sink } = agent();
    const answer = http(await allowed(admin));
    (await sink).end(new ServerKitError('NOT_FOUND', 'There is no "web" there.'));
    expect((await answer).status).toBe(404);
  });

  test('that its reader leaves is given up', async () => {
    const { sink, seen } = agent();
    const leaving = new AbortController();
    const answer = http(await allowed(admin), { signal: leaving.signal });
    await sink;
    leaving.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await eventually(() => seen.stopped, 'the stream to be stopped');
  });

  test('is for those who may read it, by an expression that is one', async () => {
    agent();
    const viewer = await api.join('viewer');
    expect(await allowed(viewer)).toContain('/logs/download/');
    await expect(allowed(admin, { filter: { text: '(', regex: true } })).rejects.toThrow(/cannot be used/);
    await expect(allowed(admin, { sources: [{ serverId: 'srv_none', containerId: 'web' }] })).rejects.toThrow(
      /There is no server/,
    );
    await expect(allowed(admin, { sources: [] })).rejects.toThrow(/must name a container/);
    const twice = { serverId, containerId: 'web' };
    await expect(allowed(admin, { sources: [twice, twice] })).rejects.toThrow(/Name web once/);
    const url = await allowed(viewer);
    await api.platform.db.prisma.session.deleteMany({ where: { userId: viewer.userId } });
    expect((await http(url)).status).toBe(401);
  });
});

test('a merged log ends for whoever may not read it any more', async () => {
  const { sink, seen } = agent();
  const viewer = await api.join('viewer');
  await using logs = follow(viewer);
  (await sink).next(said('hello'));
  await logs.next(({ mergedLogs: { segments } }) => segments.some(({ text }) => text === `${at} hello\n`));
  const revoked = admin.client.query(
    'mutation End($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id } } }',
    { input: { userId: viewer.userId, disabled: true } },
  );
  await revoked;
  expect(await logs.ended).toBeInstanceOf(Error);
  await eventually(() => seen.stopped, 'the stream to be stopped');
});
