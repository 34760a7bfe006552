import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { parseConfig } from './config/config.ts';
import type { Identity } from './identity/identity.ts';
import { ceilingToWrite, endpointFor, withAuthority } from './registration.ts';

const config = (yaml: string): ReturnType<typeof parseConfig> => parseConfig('config.yaml', yaml);

const registered = (scopes: readonly string[]): Identity => ({
  agentId: 'agt_1',
  serverId: 'srv_1',
  name: 'web',
  controlKeys: [],
  keyId: 'k',
  registeredScopes: scopes,
  registeredAt: 0,
});

test('the first registration writes the ceiling it was granted, as far as it knows the scopes', () => {
  expect(ceilingToWrite(config(''), undefined, ['docker:*', 'quantum:leap'])).toEqual(['docker:*']);
});

test('what somebody on the host wrote stays, at any registration', () => {
  const own = config('security: { scopes: [system:metrics:read] }');
  expect(ceilingToWrite(own, undefined, ['*'])).toBeUndefined();
  expect(ceilingToWrite(own, registered(['docker:*']), ['*'])).toBeUndefined();
  expect(ceilingToWrite(config('security: { scopes: managed }'), registered([]), ['*'])).toBeUndefined();
});

test('what an earlier registration wrote gives way to a new one', () => {
  const before = config('security: { scopes: [docker:*] }');
  expect(ceilingToWrite(before, registered(['docker:*']), ['*'])).toEqual(['*']);
});

test('an authority that cannot be read, or is another than was named, is told', async () => {
  await using dir = await tempDir();
  const trust = { server: 'https://example.com', insecure: false, caFile: dir.file('none'), caSha256: null };
  expect(() => endpointFor(trust)).toThrow(/cannot be read/);
  await mkdir(dir.file('none'));
  expect(() => endpointFor(trust)).toThrow(/cannot be read/);
});

test('plain text to another machine needs a word of its own', () => {
  const trust = { server: 'http://192.0.2.1', insecure: false, caFile: null, caSha256: null };
  expect(() => endpointFor(trust)).toThrow(/without encryption/);
  expect(endpointFor({ ...trust, insecure: true }).url).toBe('ws://192.0.2.1/agent/ws');
});

test('a fingerprint is of no use without encryption', async () => {
  const trust = { server: 'http://127.0.0.1', insecure: false, caFile: null, caSha256: 'ab'.repeat(32) };
  await expect(withAuthority(trust, '/nowhere/config.yaml')).rejects.toThrow(/https/);
});
