import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testJobs, type TestJobs } from '../jobs/testing.ts';
import { authFor, authHeader, followLayers, splitReference } from './pull.ts';

describe('the stream of a pull', () => {
  let jobs: TestJobs;
  beforeAll(async () => {
    jobs = await testJobs();
  });
  afterAll(() => jobs[Symbol.asyncDispose]());

  const follow = (...chunks: readonly string[]) =>
    jobs.begin({
      run: async (job) => {
        await followLayers(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), job);
        return undefined;
      },
    }).ended;

  test('that reports a failure after it began with success is a failure', async () => {
    const { job } = await follow(
      '{"status":"Pulling from web","id":"1"}\n{"errorDetail":{"message":"unexpected',
      ' EOF"},"error":"unexpected EOF"}\n',
    );
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR', errorMessage: 'unexpected EOF' });
  });

  test('whose failure stands in its detail alone is a failure', async () => {
    const { job } = await follow('{"errorDetail":{"message":"manifest unknown"}}');
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'NOT_FOUND' });
  });

  // As Docker 20.10 was seen to say when the disk of a registry was full.
  test('that a registry is not well for is told as such, and what to do about it', async () => {
    const { job } = await follow('{"error":"received unexpected HTTP status: 500 Internal Server Error"}');
    expect(job).toMatchObject({
      errorCode: 'DOCKER_ERROR',
      errorMessage: expect.stringMatching(
        /^The registry answered 500 Internal Server Error: it has no room left, .* Try again/,
      ) as unknown,
    });
  });

  test('that a registry refuses says what to do', async () => {
    const { job } = await follow('{"error":"unauthorized: authentication required"}');
    expect(job).toMatchObject({
      errorCode: 'DOCKER_ERROR',
      errorMessage: expect.stringMatching(/^The registry does not accept .* change them/) as unknown,
    });
  });

  test('with words that are no JSON, or of another shape, goes on', async () => {
    const { job, lines } = await follow('<html>\n[]\n{"status":7}\n{"status":"Digest: sha256:0"}\n');
    expect(job.state).toBe('SUCCEEDED');
    expect(lines.map(({ text }) => text)).toEqual(['Digest: sha256:0']);
  });

  test('without end is given up', async () => {
    const { job } = await follow(...Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024)));
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR' });
  });
});

describe('a reference', () => {
  test.each([
    ['nginx', 'nginx', 'latest'],
    ['nginx:1.29', 'nginx', '1.29'],
    ['localhost:5000/nginx', 'localhost:5000/nginx', 'latest'],
    ['localhost:5000/a/b:c', 'localhost:5000/a/b', 'c'],
    ['nginx:1@sha256:abc', 'nginx:1', 'sha256:abc'],
  ])('%s is one image, never all tags', (reference, name, tag) => {
    expect(splitReference(reference)).toEqual({ name, tag });
  });
});

test('credentials go in the padded URL-safe alphabet that the engine decodes', () => {
  const auth = { username: 'ada', password: '\u00ff\u00fe?>~', serverAddress: 'registry.example.com' };
  const header = authHeader(auth)['X-Registry-Auth'] ?? '';
  expect(header).toMatch(/^[\w-]+=*$/);
  expect(header.length % 4).toBe(0);
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    username: 'ada',
    password: auth.password,
    serveraddress: auth.serverAddress,
  });
});

test('credentials reach no registry but their own', () => {
  const auth = (serverAddress: string) => ({ username: 'ada', password: 'secret', serverAddress });
  const [hub, own] = [auth('https://index.docker.io/v1/'), auth('registry.example:5000')];
  expect(authFor([hub, own], 'nginx:1')).toBe(hub);
  expect(authFor([hub, own], 'Registry.example:5000/team/web@sha256:' + '0'.repeat(64))).toBe(own);
  for (const reference of ['thief.example/team/web', 'registry.example/team/web', 'not a reference']) {
    expect(authFor([hub, own], reference)).toBeNull();
  }
});
