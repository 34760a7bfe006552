import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { putBack } from './deploy.ts';
import { StackStore } from './store.ts';
import { reasonToLeave as reason } from './undo.ts';

describe('a deployment that was interrupted is undone', () => {
  const one = { laid: false, lain: null, hashes: new Map([['web', 'new']]) };
  const image = { image: 'web:1', imageId: 'sha256:0', digests: [] };
  const before = {
    services: [{ service: 'web', configHash: 'old', ...image }],
    normalised: JSON.stringify({ services: { web: { image: 'web:1' } } }),
  };
  type Services = Parameters<typeof reason>[2];
  const web = (...hashes: (string | null)[]): Services => [
    {
      name: 'web',
      containers: hashes.map((configHash, index) => ({
        id: `web${index}`,
        name: `shop-web-${index}`,
        number: index,
        state: 'RUNNING',
        configHash,
      })),
    },
  ];
  const reasonToLeave = (
    noted: Parameters<typeof reason>[0],
    version: Parameters<typeof reason>[1],
    now: Services,
    stopped: readonly string[] = [],
  ) => reason(noted, version, now, new Set(stopped));

  test('where all that there is of it is its own, or of the version before', () => {
    expect(reasonToLeave(one, before, web('new', 'old'))).toBeNull();
    expect(reasonToLeave(one, null, web('new'))).toBeNull();
    expect(reasonToLeave(one, before, [])).toBeNull();
  });

  test('and left as it is where somebody else has made a container meanwhile', () => {
    expect(reasonToLeave(one, before, web('new', 'theirs'))).toMatch(/^A container of web is neither/);
    expect(reasonToLeave(one, null, web('old'))).toMatch(/^A container of web/);
    expect(reasonToLeave(one, before, web(null))).toMatch(/^A container of web/);
    const [service] = web('new');
    expect(reasonToLeave(one, before, service ? [{ ...service, name: 'db' }] : [])).toMatch(/of db/);
    expect(
      reasonToLeave({ ...one, hashes: new Map() }, before, web('new')),
      'of a note of before',
    ).not.toBeNull();
  });

  test('and left as it is where somebody has stopped one since that nothing else takes the place of', () => {
    const [left, right] = web('old', 'old')[0]?.containers ?? [];
    if (!left || !right) throw new Error('there are two');
    const stopped = (number: number): Services => [
      { name: 'web', containers: [{ ...left, state: 'EXITED', number }, right] },
    ];
    expect(reasonToLeave(one, before, stopped(0), ['web0'])).toBe('Somebody has stopped shop-web-0 since.');
    expect(reasonToLeave(one, before, stopped(0)), 'it has ended by itself').toBeNull();
    expect(reasonToLeave(one, before, stopped(1), ['web0']), 'Compose was replacing it').toBeNull();
    expect(reasonToLeave(one, before, web('old'), ['web0']), 'it runs').toBeNull();
  });

  test('and left as it is where the version before has secrets', () => {
    const environment = { PASSWORD: 'serverkit-secret:db_password' };
    const normalised = JSON.stringify({ services: { web: { image: 'web:1', environment } } });
    expect(reasonToLeave(one, { ...before, normalised }, web('new'))).toMatch(/has secrets/);
  });

  test('and left as it is where files of a commit lie in its folder, and nobody knows what stood there', () => {
    expect(reasonToLeave({ ...one, laid: true }, before, web('new'))).toMatch(/Files of its repository/);
    expect(reasonToLeave({ ...one, laid: true, lain: [] }, before, web('new'))).toBeNull();
  });
});

test("a stack's files are put back as they stood, but what somebody has written since stays", async () => {
  await using dir = await tempDir('sk-undo-');
  const policy = () => ({ deniesPath: () => false });
  const store = new StackStore({ folder: dir.file('stacks'), versions: dir.file('versions'), policy });
  const [before, written] = [
    { compose: 'services: {}', env: 'A=edited' },
    { compose: 'services: { web: {} }', env: '' },
  ];
  const rest = { at: 1, actor: 'usr_1', restores: null, composeVersion: '2.0', commit: null, tree: null };
  store.keep('shop', { ...rest, files: before, normalised: '{}', services: [] });
  store.write('shop', written);
  putBack('shop', { before, written }, store);
  expect(store.files('shop')).toEqual(before);
  // Ended between the two.
  await writeFile(dir.file('stacks', 'shop', 'compose.yaml'), written.compose);
  putBack('shop', { before, written }, store);
  expect(store.files('shop')).toEqual(before);

  store.write('shop', written);
  await writeFile(dir.file('stacks', 'shop', '.env'), 'B=by hand');
  putBack('shop', { before, written }, store);
  expect(store.files('shop')).toEqual({ ...written, env: 'B=by hand' });
  expect(await readFile(dir.file('stacks', 'shop', '.env'), 'utf8')).toBe('B=by hand');
});
