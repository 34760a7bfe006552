import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { http, type HttpAnswer } from '../../../testing/http.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

function headersOf({ client }: Pick<TestPerson, 'client'>): Record<string, string> {
  const { cookie, proof } = client.session;
  return {
    'content-type': 'application/json',
    ...(cookie !== undefined && { cookie }),
    ...(proof !== undefined && { 'x-serverkit-session': proof }),
  };
}

const ask = (body: unknown, headers = headersOf(admin)): Promise<HttpAnswer> =>
  http(`${api.url}/audit/export`, { headers, body: JSON.stringify(body) });

async function record(action: string, extra: object = {}): Promise<void> {
  await api.services.audit.record(api.platform.db.prisma, {
    actor: { kind: 'system', label: 'test' },
    action,
    ...extra,
  });
}

function codeOf({ body }: HttpAnswer): unknown {
  const { errors }: { errors: { extensions: { code: unknown } }[] } = JSON.parse(body);
  return errors[0]?.extensions.code;
}

describe('an export', () => {
  test('is one JSON object a line, the oldest first, in the words of the API', async () => {
    await record('lines.one', { serverId: 'srv_1', parameters: { a: 1 }, durationMs: 5, exitCode: 2 });
    await record('lines.two', { outcome: 'failed', code: 'CONFLICT' });
    const { status, headers, body } = await ask({ format: 'NDJSON', filter: { action: 'lines' } });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'content-disposition': expect.stringMatching(/^attachment; filename="serverkit-audit-[\d-]+\.ndjson"$/),
    });
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      {
        id: expect.stringMatching(/^evt_\d+$/),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        actorKind: 'SYSTEM',
        actorId: null,
        actorLabel: 'test',
        address: null,
        action: 'lines.one',
        targetKind: null,
        targetId: null,
        targetName: null,
        serverId: 'srv_1',
        outcome: 'OK',
        code: null,
        count: 1,
        durationMs: 5,
        exitCode: 2,
        parameters: { a: 1 },
      },
      expect.objectContaining({ action: 'lines.two', outcome: 'FAILED', code: 'CONFLICT' }),
    ]);
    const filtered = await ask({ format: 'NDJSON', filter: { action: 'lines', outcome: 'FAILED' } });
    expect(filtered.body.trimEnd().split('\n')).toHaveLength(1);
  });

  test('as CSV holds no formula, whatever people and servers are called', async () => {
    const formulas = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '＝1',
      `=HYPERLINK("http://evil","a,b")`,
    ];
    for (const name of formulas) await record('cells.one', { target: { kind: 'server', id: 's', name } });
    await record('cells.two', { target: { kind: 'server', id: 's', name: 'a "quoted", b\nnext' } });
    const { headers, body } = await ask({ format: 'CSV', filter: { action: 'cells' } });
    expect(headers['content-type']).toContain('text/csv');
    expect(body.split('\r\n')[0]).toBe(
      'id,at,actorKind,actorId,actorLabel,address,action,targetKind,targetId,targetName,serverId,outcome,code,count,durationMs,exitCode,parameters',
    );
    for (const name of formulas) expect(body).toContain(`,"'${name.replaceAll('"', '""')}",`);
    expect(body).toContain(',"a ""quoted"", b\nnext",');
  });

  test('is on record itself, with what was asked for', async () => {
    await ask({ format: 'CSV', filter: { action: 'audit.none' } });
    const event = await api.platform.db.prisma.auditEvent.findFirst({
      where: { action: 'audit.export', actorId: admin.userId },
      orderBy: { id: 'desc' },
    });
    expect(event?.parameters).toMatchObject({ format: 'CSV', filter: { action: 'audit.none' } });
  });

  test('is for those who may read the record, from our own pages or programs', async () => {
    const viewer = await api.join('viewer');
    const refused = await ask({ format: 'CSV' }, headersOf(viewer));
    expect([refused.status, codeOf(refused)]).toEqual([403, 'PERMISSION_DENIED']);
    const stranger = await ask({ format: 'CSV' }, { 'content-type': 'application/json' });
    expect([stranger.status, codeOf(stranger)]).toEqual([401, 'UNAUTHENTICATED']);
    const half = headersOf(admin);
    delete half['x-serverkit-session'];
    expect((await ask({ format: 'CSV' }, half)).status).toBe(401);
    const foreign = await ask({ format: 'CSV' }, { ...headersOf(admin), origin: 'https://evil.example' });
    expect([foreign.status, codeOf(foreign)]).toEqual([403, 'ORIGIN_REFUSED']);
    const form = await ask({ format: 'CSV' }, { ...headersOf(admin), 'content-type': 'text/plain' });
    expect(form.status).toBe(415);
  });

  test('holds what is about the servers one may see, and nothing else', async () => {
    const { prisma } = api.platform.db;
    const operator = await api.join('operator');
    await prisma.server.create({ data: { id: 'srv_seen', name: 'seen', permissionProfile: 'custom' } });
    await prisma.user.update({
      where: { id: operator.userId },
      data: {
        access: 'granted',
        grants: { create: { id: 'grn_1', serverId: 'srv_seen', scopes: ['servers:read', 'audit:read'] } },
      },
    });
    await record('seen.one', { serverId: 'srv_seen' });
    await record('seen.two', { serverId: 'srv_other' });
    await record('seen.three');
    const { body } = await ask({ format: 'NDJSON', filter: { action: 'seen' } }, headersOf(operator));
    expect(body.match(/seen\.\w+/g)).toEqual(['seen.one']);
    const found = await operator.client.query(
      '{ auditEvents(filter: { action: "seen" }) { nodes { action } } }',
    );
    expect(found).toEqual({ auditEvents: { nodes: [{ action: 'seen.one' }] } });
    const { errors } = await operator.client.answer('{ verifyAudit { intact } }');
    expect(errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED');
  });

  test.each([
    ['no JSON', '{'],
    ['another format', { format: 'XML' }],
    ['an unknown filter', { format: 'CSV', filter: { actor: 'x' } }],
    ['a time that is none', { format: 'CSV', filter: { from: 'yesterday' } }],
  ])('refuses %s', async (_what, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await http(`${api.url}/audit/export`, { headers: headersOf(admin), body: text });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'INPUT_INVALID']);
  });

  test('of a reader who left makes room for the next', async () => {
    await fill();
    for (let n = 0; n < 6; n++) {
      const left = new AbortController();
      const sent = request(`${api.url}/audit/export`, {
        method: 'POST',
        headers: headersOf(admin),
        agent: false,
        signal: left.signal,
      });
      sent.end(JSON.stringify({ format: 'NDJSON', filter: { action: 'bulk.one' } }));
      await once(sent, 'response');
      const ended = once(sent, 'close');
      left.abort();
      await Promise.allSettled([ended]);
    }
    await eventually(async () => (await ask({ format: 'CSV' })).status === 200, 'room for another export');
  });
});

/** Far more than the buffers between us and a reader hold. */
async function fill(): Promise<void> {
  const columns = `"actorKind", "actorLabel", "action", "outcome", "parameters"`;
  await api.platform.db.pool.query(
    `INSERT INTO "AuditEvent" (${columns})
     SELECT 'system', 'test', 'bulk.one', 'ok', jsonb_build_object('text', repeat('x', 290)) FROM generate_series(1, 50000)`,
  );
}
