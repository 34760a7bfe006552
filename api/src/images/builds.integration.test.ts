import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import type { AgentLink } from '../agents/link.ts';
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
  readonly data: string;
}

/** The agent's end: what it is sent, and how it answers. */
function agent({ open = (): Promise<void> => Promise.resolve() } = {}) {
  const pieces: Buffer[] = [];
  const aborted: string[] = [];
  const link = {
    async run(document: { definitions: { name: { value: string } }[] }, variables: Sent) {
      const name = document.definitions[0]?.name.value;
      if (name === 'OpenBuildContext') await open();
      if (name === 'AbortBuildContext') aborted.push(variables.id);
      if (name === 'WriteBuildContext') pieces.push(Buffer.from(variables.data, 'base64'));
      return {};
    },
  };
  const { agents, jobs } = api.services;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  const whole = link as unknown as AgentLink;
  vi.spyOn(agents.commands, 'link').mockResolvedValue(whole);
  vi.spyOn(agents.links, 'get').mockReturnValue(whole);
  const start = vi.spyOn(jobs, 'start').mockImplementation(() =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the job only its id is asked
    Promise.resolve({ id: 'job_1' } as Awaited<ReturnType<typeof jobs.start>>),
  );
  return { pieces, aborted, start };
}

async function allowed(tag: string, sizeBytes: number, person = admin): Promise<string> {
  const { startImageBuild } = await person.client.query<{ startImageBuild: { url: string } }>(
    `mutation Allow($input: StartImageBuildInput!) { startImageBuild(input: $input) { url } }`,
    {
      input: { serverId: 'srv_1', tag, sizeBytes, arguments: [{ name: 'TOKEN', value: 'never to be kept' }] },
    },
  );
  return `${api.url}${startImageBuild.url}`;
}

const recorded = (tag: string) =>
  eventually(
    async () =>
      (await api.platform.db.prisma.auditEvent.findFirst({
        where: { action: 'image.build', targetId: tag },
      })) ?? undefined,
    'the build to be on record',
  );

describe('an archive to build from', () => {
  test('goes to the agent piece by piece, and the job begins with its sum, once', async () => {
    const { pieces, start, aborted } = agent();
    const body = randomBytes(500_000);
    const url = await allowed('whole:1', body.length);
    const answer = await http(url, { method: 'PUT', body });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { jobId: 'job_1' }]);
    expect(Buffer.concat(pieces).equals(body)).toBe(true);
    const [[kind, request] = []] = start.mock.calls;
    expect(kind?.name).toBe('image.build');
    expect(await request?.variables('job_1')).toMatchObject({
      sha256: createHash('sha256').update(body).digest('hex'),
      dockerfile: 'Dockerfile',
      tag: 'whole:1',
    });
    expect(JSON.stringify(request?.parameters)).not.toContain('never to be kept');
    expect(aborted).toEqual([]);
    expect((await http(url, { method: 'PUT', body })).status).toBe(404);
  });

  test('that is too large, or finds no room, is refused before it is sent, on record', async () => {
    for (const [tag, code] of [
      ['large:1', 'INPUT_INVALID'],
      ['full:1', 'CONFLICT'],
    ] as const) {
      agent({ open: () => Promise.reject(new ServerKitError(code, 'It cannot come.')) });
      await expect(allowed(tag, 10)).rejects.toThrow(/It cannot come/);
      expect(await recorded(tag)).toMatchObject({ outcome: 'failed', code });
    }
  });

  test('that does not come whole is given up, on the agent as well, and nothing begins', async () => {
    const { aborted, start } = agent();
    const short = await http(await allowed('short:1', 10), { method: 'PUT', body: 'short' });
    expect([short.status, short.body]).toEqual([400, expect.stringContaining('INPUT_INVALID')]);
    expect(await recorded('short:1')).toMatchObject({ outcome: 'failed', code: 'INPUT_INVALID' });
    await eventually(() => aborted.length === 1, 'the agent to hear of it');
    expect(start).not.toHaveBeenCalled();
  });

  test('is not for a viewer, nor for who was signed out meanwhile', async () => {
    agent();
    await expect(allowed('viewer:1', 1, await api.join('viewer'))).rejects.toThrow(/docker:images:write/);
    const other = await api.join('admin');
    const url = await allowed('gone:1', 1, other);
    await api.platform.db.prisma.session.deleteMany({ where: { userId: other.userId } });
    expect((await http(url, { method: 'PUT', body: 'x' })).status).toBe(401);
  });
});
