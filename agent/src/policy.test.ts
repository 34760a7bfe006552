import { mkdir, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { createPolicy, type PolicyOptions } from './policy.ts';

function policy(options: Partial<PolicyOptions>): ReturnType<typeof createPolicy> {
  return createPolicy({ scopes: [], deniedPaths: [], disabledFeatures: new Set(), ...options });
}

test('the ceiling is what the configuration says', () => {
  expect(policy({ scopes: ['docker:*'] })).toMatchObject({ mode: 'local' });
  expect(policy({ scopes: ['docker:*'] }).scopes()).toEqual(['docker:*']);
});

test('managed leaves the ceiling to the control plane', () => {
  expect(policy({ scopes: 'managed' })).toMatchObject({ mode: 'managed' });
  expect(policy({ scopes: 'managed' }).scopes()).toEqual(['*']);
});

test.each([
  '/srv/serverkit/data',
  '/srv/serverkit/data/',
  '/srv/serverkit/data/keys/identity.pem',
  '/srv/serverkit',
  '/srv',
  '/',
  '/tmp/../srv/serverkit/data',
  '/srv/serverkit/./data/x',
  '/srv/serverkit/data\0/../../x',
])('a denied path denies what is below it and whatever would expose it: %s', (candidate) => {
  expect(policy({ deniedPaths: ['/srv/serverkit/data'] }).deniesPath(candidate)).toBe(true);
});

test.each(['/srv/serverkit/database', '/srv/serverkit/data.old', '/srv/other', '/home'])(
  'a denied path leaves its neighbours alone: %s',
  (candidate) => {
    expect(policy({ deniedPaths: ['/srv/serverkit/data'] }).deniesPath(candidate)).toBe(false);
  },
);

test('a link into a denied folder is denied, and so is what does not exist yet behind one', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('data'));
  await symlink(dir.file('data'), dir.file('innocent'));
  const subject = policy({ deniedPaths: [dir.file('data')] });
  expect(subject.deniesPath(dir.file('innocent'))).toBe(true);
  expect(subject.deniesPath(dir.file('innocent', 'new', 'file'))).toBe(true);
  expect(subject.deniesPath(dir.file('elsewhere'))).toBe(false);
});

test('a denied folder that is itself a link is denied under both names', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('real'));
  await symlink(dir.file('real'), dir.file('data'));
  const subject = policy({ deniedPaths: [dir.file('data')] });
  expect(subject.deniesPath(dir.file('real', 'x'))).toBe(true);
  expect(subject.deniesPath(dir.file('data', 'x'))).toBe(true);
});

test('what is open in a denied folder is, and nothing else there with it', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('data', 'agent', 'stacks', 'shop'), { recursive: true });
  await symlink(dir.file('data'), dir.file('data', 'agent', 'stacks', 'shop', 'out'));
  const [data, stacks] = [dir.file('data'), dir.file('data', 'agent', 'stacks')];
  const subject = policy({ deniedPaths: [data, `${stacks}/.scratch`], openPaths: [stacks] });
  for (const open of ['shop', 'shop/files', 'new'])
    expect(subject.deniesPath(`${stacks}/${open}`)).toBe(false);
  for (const denied of ['shop/out', 'shop/out/keys', '.scratch/x', '.', '..', '../key', '../../..'])
    expect(subject.deniesPath(`${stacks}/${denied}`)).toBe(true);
});

test('a feature that is switched off on the host is out of bounds', () => {
  const subject = policy({ disabledFeatures: new Set(['logs']) });
  expect(() => subject.requireFeature('docker')).not.toThrow();
  expect(() => subject.requireFeature('logs')).toThrow(expect.objectContaining({ code: 'POLICY_DENIED' }));
});

test('a path whose end cannot be told is denied where anything is', async () => {
  await using dir = await tempDir('serverkit-policy-');
  await symlink(dir.file('loop'), dir.file('loop'));
  expect(policy({ deniedPaths: ['/srv/serverkit/data'] }).deniesPath(dir.file('loop', 'x'))).toBe(true);
  expect(policy({ deniedPaths: [] }).deniesPath(dir.file('loop', 'x'))).toBe(false);
});
