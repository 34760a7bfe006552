import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { http } from '../../../testing/http.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

let api: TestApi;
let built: TempDir;
let person: TestPerson;
beforeAll(async () => {
  built = await tempDir();
  mkdirSync(built.file('assets'));
  writeFileSync(built.file('index.html'), '<title>GraphiQL</title>');
  writeFileSync(built.file('assets', 'main-A1.js'), 'start()');
  api = await testApi({ graphiql: built.path });
  person = await api.join('viewer');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await built[Symbol.asyncDispose]();
});

const get = (path: string, cookie = '') => http(new URL(path, api.url), { headers: { cookie } });
const cookieOf = ({ client }: TestPerson): string => client.session.cookie ?? '';

describe('the page', () => {
  test('is for whoever has a session, and may load nothing from elsewhere', async () => {
    const { status, headers, body } = await get('/graphiql', cookieOf(person));
    expect([status, body]).toEqual([200, '<title>GraphiQL</title>']);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|script-src[^;]*unsafe/);
  });

  test.each([
    ['nobody', () => ''],
    ['a cookie that is none of ours', () => cookieOf(person).replace(/=.*/, `=${'A'.repeat(43)}`)],
    ['the other half of a session', () => cookieOf(person).replace(/=.*/, `=${person.client.session.proof}`)],
  ])('sends %s to sign in, and back', async (_who, cookie) => {
    const { status, headers, body } = await get('/graphiql', cookie());
    expect([status, headers.location]).toEqual([303, '/sign-in?next=/graphiql']);
    expect(body).not.toContain('GraphiQL');
  });

  test('is closed with the session', async () => {
    const { client } = await api.join('viewer');
    const cookie = client.session.cookie ?? '';
    expect((await get('/graphiql', cookie)).status).toBe(200);
    await client.query('mutation { signOut(input: {}) { ok } }');
    expect((await get('/graphiql', cookie)).status).toBe(303);
  });

  test('cannot be had as a file', async () => {
    for (const path of ['/graphiql/', '/graphiql/index.html', '/graphiql/../graphiql/index.html']) {
      expect((await get(path)).body).not.toContain('<title>GraphiQL');
    }
  });
});

test('its parts may be kept for ever, as their names change with them', async () => {
  const { status, headers, body } = await get('/graphiql/assets/main-A1.js');
  expect([status, body]).toEqual([200, 'start()']);
  expect(headers['cache-control']).toContain('immutable');
});

test('it is not there when it is turned off', async () => {
  await using without = await testApi({ graphiql: built.path, env: { SERVERKIT_GRAPHIQL: 'off' } });
  const { client } = await without.join('admin');
  for (const path of ['/graphiql', '/graphiql/assets/main-A1.js']) {
    const { status } = await http(new URL(path, without.url), {
      headers: { cookie: client.session.cookie ?? '' },
    });
    expect(status).toBe(404);
  }
  expect(await client.query('{ controlPlane { graphiql } }')).toEqual({ controlPlane: { graphiql: false } });
});
