import {
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLInputType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../../../testing/events.ts';
import { GraphQLFailure, type TestClient } from '../../../testing/graphql-client.ts';
import { addServer } from '../metrics/testing.ts';
import { schema } from '../schema.ts';
import { documentOf, fieldsOf, fittingValue, takesArguments, type Field } from './testing-documents.ts';
import { testApi, type TestApi } from './testing.ts';

/** What a client that means harm, or is broken, puts where text belongs. */
const oddTexts: readonly string[] = [
  '',
  ' ',
  'a\u0000b',
  '\n\r\t\u001b[2J\u0007',
  '\ud800',
  '\u202eevil\u2066',
  // Wherever it is cut, one of the two is cut through a character.
  '😀'.repeat(200),
  `x${'😀'.repeat(200)}`,
  'x'.repeat(20_000),
  '__proto__',
  `%_\\'";--`,
  '../../../../etc/passwd',
  'srv_',
  'usr_0000000000000000000000',
  'evt_99999999999999999999999999',
  '-1',
];
const oddNumbers: readonly number[] = [-2_147_483_648, -1, 0, 1.5, 2_147_483_647, 2 ** 53 + 1, 1e300];
const oddDates: readonly string[] = [
  '0000-01-01T00:00:00.000Z',
  '-271821-04-20T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
];

let api: TestApi;
let admin: TestClient;
let serverId: string;
beforeAll(async () => {
  api = await testApi();
  admin = (await api.join('admin')).client;
  serverId = (await addServer(api.platform.db, 'well-formed')).id;
});
afterAll(() => api[Symbol.asyncDispose]());

const plain = (name: string, type: GraphQLInputType) => fittingValue(name, type, { serverId });

/** @yields everything odd that the type admits, at every place of the value */
function* odd(name: string, type: GraphQLInputType): Generator {
  if (isNonNullType(type)) {
    yield* odd(name, type.ofType);
  } else if (isListType(type)) {
    yield [];
    yield Array.from({ length: 2_000 }, () => plain(name, type.ofType));
    for (const item of odd(name, type.ofType)) yield [item];
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      for (const value of odd(field.name, field.type)) {
        yield Object.assign({}, plain(name, type), { [field.name]: value });
      }
    }
  } else if (!isEnumType(type) && type.name !== 'Boolean') {
    if (type.name === 'DateTime') yield* oddDates;
    else if (['Int', 'SafeInt', 'Float'].includes(type.name)) yield* oddNumbers;
    else yield* oddTexts;
  }
}

function* attempts(field: Field): Generator<Record<string, unknown>> {
  for (const arg of field.args) {
    for (const value of odd(arg.name, arg.type)) {
      const rest = field.args.map((other) => [other.name, plain(other.name, other.type)]);
      yield { ...Object.fromEntries(rest), [arg.name]: value };
    }
  }
}

/** Answers that say nothing of what is wrong: a bug of ours, or a database that stumbled over what it was given. */
async function unforeseen(document: string, field: Field): Promise<string[]> {
  const found: string[] = [];
  for (const variables of attempts(field)) {
    const { errors = [] } = await admin.answer(document, variables);
    for (const { extensions, message } of errors) {
      const code = String(extensions?.['code']);
      if (code === 'INTERNAL' || code === 'UNAVAILABLE' || code === 'undefined')
        found.push(`${JSON.stringify(variables).slice(0, 300)} → ${code} ${message}`);
    }
  }
  return found;
}

describe('odd input is answered with what is wrong with it', () => {
  const limit = 120_000;

  test.each(fieldsOf(schema.getQueryType()).filter(takesArguments))(
    'query $name',
    async (field) => expect(await unforeseen(documentOf('query', field), field)).toEqual([]),
    limit,
  );

  test.each(fieldsOf(schema.getMutationType()))(
    'mutation $name',
    async (field) => {
      const found = await unforeseen(documentOf('mutation', field), field);
      // It may have ended the session that asks.
      admin = (await api.join('admin')).client;
      serverId = (await addServer(api.platform.db)).id;
      expect(found).toEqual([]);
    },
    limit,
  );

  const serverType = schema.getType('Server');
  test.each(isObjectType(serverType) ? fieldsOf(serverType).filter(takesArguments) : [])(
    'Server.$name',
    async (field) => {
      const document = documentOf('query', field, {
        inside: (text) => `server(id: "${serverId}") { ${text} }`,
      });
      expect(await unforeseen(document, field)).toEqual([]);
    },
    limit,
  );

  test('and no other type has fields with arguments that nobody tried', () => {
    const types = Object.values(schema.getTypeMap()).filter(isObjectType);
    // Of a stack, the files of a version: its number, within bounds, is all that a field takes. Of where a stack comes from,
    // a plan: its env file, as long as one may be.
    const tried = new Set(['Query', 'Mutation', 'Subscription', 'Server', 'Stack', 'GitSource']);
    const others = types.filter(({ name }) => !name.startsWith('__') && !tried.has(name));
    expect(others.filter((type) => fieldsOf(type).some(takesArguments)).map(String)).toEqual([]);
  });

  test.each(fieldsOf(schema.getSubscriptionType()).filter(takesArguments))(
    'subscription $name',
    async (field) => {
      for (const variables of attempts(field)) {
        if (!JSON.stringify(variables).includes('\\u0000')) continue;
        await using stream = admin.subscribe(documentOf('subscription', field), variables);
        const failure = await within(stream.ended, 'the refusal');
        expect(failure).toBeInstanceOf(GraphQLFailure);
        expect(failure).toMatchObject({ code: 'INPUT_INVALID' });
      }
    },
    limit,
  );
});

describe('text that is none', () => {
  const query = /* GraphQL */ `
    query ($filter: ServerFilter) {
      servers(filter: $filter) {
        totalCount
      }
    }
  `;

  test('is refused by the name of its place, however deep', async () => {
    const { errors } = await admin.answer(query, { filter: { tags: ['fine', 'a\0'] } });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'INPUT_INVALID',
      issues: [{ path: 'filter.tags.1' }],
    });
  });

  test('is refused in the document itself as well', async () => {
    const literal = String.raw`{ server(id: "a\u0000") { id } }`;
    const { errors } = await admin.answer(literal);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('is looked for without end in variables that are nested without end', async () => {
    const deep = `${'['.repeat(300_000)}${']'.repeat(300_000)}`;
    const body = JSON.stringify({ query: '{ setupStatus { needed } }' });
    const { status, body: answer } = await admin.post(`${body.slice(0, -1)},"variables":{"x":${deep}}}`);
    expect({ status, answer }).toEqual({ status: 200, answer: '{"data":{"setupStatus":{"needed":false}}}' });
  });
});

describe('a name', () => {
  const create = /* GraphQL */ `
    mutation ($input: CreateServerInput!) {
      createServer(input: $input) {
        server {
          name
          description
          tags
        }
      }
    }
  `;

  test.each([
    ['steers a terminal', 'web\u001b[2J'],
    ['forges a line', 'web\nroot signed in'],
    ['is shown in another order', 'web\u202e1-dorp'],
    ['ends a line of its own kind', 'web\u2028x'],
  ])('that %s is refused', async (_what, name) => {
    for (const input of [{ name }, { name: 'fine', tags: [name] }]) {
      const { errors } = await admin.answer(create, { input });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'INPUT_INVALID' });
    }
  });

  test('may be of any script, with signs of several parts, and a description of several lines', async () => {
    const input = { name: 'サーバー 👩‍💻 می‌خواهم', description: 'one\ntwo\tthree', tags: ['prod-é'] };
    const { createServer } = await admin.query<{ createServer: { server: unknown } }>(create, { input });
    expect(createServer.server).toEqual(input);
  });
});

describe('a filter that asks for more than anybody types, of every row', () => {
  const servers = 'query ($filter: ServerFilter) { servers(filter: $filter) { totalCount } }';
  const containers = 'query ($filter: FleetContainerFilter) { containers(filter: $filter) { totalCount } }';
  const ofOne =
    'query ($id: ID!, $filter: ContainerFilter) { server(id: $id) { containers(filters: $filter) { id } } }';
  const people = 'query ($filter: UserFilter) { users(filter: $filter) { totalCount } }';
  const words = 'a '.repeat(1_000);
  const many = Array.from({ length: 1_001 }, () => 'a');

  test.each([
    [servers, { text: words }],
    [servers, { tags: many }],
    [servers, { statuses: many.map(() => 'ONLINE') }],
    [containers, { text: words }],
    [containers, { labels: many }],
    [containers, { serverIds: many }],
    [containers, { states: many.map(() => 'RUNNING') }],
    [containers, { servers: { text: words } }],
    [ofOne, { text: words }],
    [ofOne, { labels: many }],
    [people, { text: words }],
  ])('%s is refused', async (query, filter) => {
    const { errors } = await admin.answer(query, { id: serverId, filter });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INPUT_INVALID' });
  });
});
