import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../access/testing.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

let api: TestApi;
let [one, two]: TestPerson[] = [];
beforeAll(async () => {
  api = await testApi();
  [one, two] = [await api.join('viewer'), await api.join('admin')];
});
afterAll(() => api[Symbol.asyncDispose]());

const fields = 'id name groupId statuses tags text';
const save = (person: TestPerson | undefined, input: object) =>
  person?.client.answer<{ saveFilter: { savedFilter: { id: string } } }>(
    `mutation M($input: SaveFilterInput!) { saveFilter(input: $input) { savedFilter { ${fields} } } }`,
    { input },
  );
const list = (person: TestPerson | undefined) => person?.client.query(`{ savedFilters { ${fields} } }`);

test('a filter is kept under its name, in place of the one before, and is one’s own', async () => {
  await save(one, { name: 'mine', filter: { text: 'web' } });
  const answer = await save(one, {
    name: ' mine ',
    filter: { tags: ['prod'], statuses: ['OFFLINE'], groupId: 'grp_1' },
  });
  const kept = { name: 'mine', groupId: 'grp_1', statuses: ['OFFLINE'], tags: ['prod'], text: '' };
  const id = answer?.data?.saveFilter.savedFilter.id ?? '';
  expect(await list(one)).toEqual({ savedFilters: [{ id, ...kept }] });
  expect(await list(two)).toEqual({ savedFilters: [] });
  const remove = `mutation { deleteSavedFilter(input: { filterId: "${id}" }) { deletedFilterId } }`;
  expect(codeOf((await two?.client.answer(remove)) ?? {})).toBe('NOT_FOUND');
  expect(await one?.client.query(remove)).toEqual({ deleteSavedFilter: { deletedFilterId: id } });
  expect(await list(one)).toEqual({ savedFilters: [] });
});

test('what is too long, or one too many, is refused', async () => {
  const long = await save(one, { name: 'long', filter: { text: 'x'.repeat(4_001) } });
  expect(codeOf(long ?? {})).toBe('INPUT_INVALID');
  await api.platform.db.prisma.savedFilter.createMany({
    data: Array.from({ length: 100 }, (_, n) => ({
      id: `flt_${n}`,
      userId: two?.userId ?? '',
      name: `f${n}`,
      filter: {},
    })),
  });
  expect(codeOf((await save(two, { name: 'more', filter: {} })) ?? {})).toBe('CONFLICT');
  expect(codeOf((await save(two, { name: 'f7', filter: { text: 'new' } })) ?? {})).toBeUndefined();
});
