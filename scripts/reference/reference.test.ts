import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { reference } from './reference.ts';
import { undescribed } from './undescribed.ts';

const published = buildSchema(readFileSync(new URL('../../api/schema.graphql', import.meta.url), 'utf8'));

test('every type, field, argument and value of the public schema says what it is', () => {
  expect(undescribed(published)).toEqual([]);
});

test('what says nothing about itself is found wherever it is', () => {
  const schema = buildSchema(`
    type Query { "ok" a("ok" x: Int, y: Int): E, b(i: I): Int }
    "ok" enum E { "ok" V W }
    "ok" input I { f: Int }
  `);
  expect(undescribed(schema)).toEqual(['Query', 'Query.a(y:)', 'Query.b', 'Query.b(i:)', 'E.W', 'I.f']);
});

test('an operation shows its arguments, a mutation the fields of its input, and types lead to where they stand', () => {
  const schema = buildSchema(`
    "Asks." type Query { "Lists. Scope: a:b." things("How many." first: Int = 5): [Thing!]! }
    "Changes." type Mutation { "Makes one." makeThing("What." input: MakeThingInput!): Thing! }
    "What makeThing is told." input MakeThingInput { "Its name | title." name: String! }
    "A <thing>." type Thing { "Its id." id: ID! "Gone soon." old: Int @deprecated(reason: "Ask for id.") }
  `);
  expect(reference(schema)).toMatchInlineSnapshot(`
    "## Queries

    Asks.

    ### things

    Lists. Scope: a:b.

    Answers \\[[\`Thing\`](#type-thing)!]!.

    | argument | type | default | meaning |
    | --- | --- | --- | --- |
    | \`first\` | \`Int\` | \`5\` | How many. |

    ## Mutations

    Changes.

    ### makeThing

    Makes one.

    Answers [\`Thing\`](#type-thing)!. Its \`input\` is \`MakeThingInput\`:

    | input field | type | default | meaning |
    | --- | --- | --- | --- |
    | \`name\` | \`String!\` |  | Its name \\| title. |

    ## Types

    ### type Thing

    A &lt;thing>.

    | field | type | meaning |
    | --- | --- | --- |
    | \`id\` | \`ID!\` | Its id. |
    | ~~\`old\`~~ | \`Int\` | **Deprecated:** Ask for id. Gone soon. |"
  `);
});
