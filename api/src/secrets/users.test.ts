import { labelOf, placed, secretsLabel } from '@serverkit/wire/secret-references.ts';
import { expect, test, vi } from 'vitest';
import { usersByName } from './users.ts';

const container = (id: string, ...secrets: string[]) => {
  const label = labelOf({ variables: [], files: secrets.map((secret) => placed({ secret })) });
  const labels = secrets.length > 0 ? [{ key: secretsLabel, value: label }] : [];
  return [id, { id, name: `${id}-name`, labels }] as const;
};
const server = (id: string, ...containers: ReturnType<typeof container>[]) =>
  [id, { containers: new Map(containers) }] as const;

test('containers are found by the names of their secrets, and each is read once', async () => {
  const parse = vi.spyOn(JSON, 'parse');
  const users = await usersByName([
    server('a', container('web', 'db', 'mail'), container('plain')),
    server('b', container('job', 'db')),
  ]);
  expect(parse).toHaveBeenCalledTimes(2);
  parse.mockRestore();
  const user = (serverId: string, containerId: string) => ({
    serverId,
    containerId,
    containerName: `${containerId}-name`,
  });
  expect(users.get('db')).toEqual(
    new Map([
      ['a', [user('a', 'web')]],
      ['b', [user('b', 'job')]],
    ]),
  );
  expect(users.get('mail')).toEqual(new Map([['a', [user('a', 'web')]]]));
  expect([...users.keys()]).toEqual(['db', 'mail']);
});

test('others have their turn while many containers are looked through', async () => {
  const others = vi.fn<() => void>();
  setImmediate(others);
  await usersByName([server('a', ...Array.from({ length: 2_000 }, (_, index) => container(`c${index}`)))]);
  expect(others).toHaveBeenCalled();
});
