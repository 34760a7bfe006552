import { isSchema, Kind, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import * as agents from '../../api/src/agents/operations.ts';
import * as containers from '../../api/src/containers/operations.ts';
import * as events from '../../api/src/docker-events/operations.ts';
import * as jobs from '../../api/src/jobs/operations.ts';
import * as metrics from '../../api/src/metrics/operations.ts';

// By name, because the types of the two schemas' builders cannot meet in one program.
async function schemaOf(file: string, find: (room: object) => unknown): Promise<GraphQLSchema> {
  const room: unknown = await import(new URL(`../../agent/src/${file}`, import.meta.url).href);
  const schema = typeof room === 'object' && room !== null ? find(room) : undefined;
  if (!isSchema(schema)) throw new Error(`agent/src/${file} has no such schema`);
  return schema;
}

const resident = await schemaOf('resident-schema.ts', (room) =>
  'schemas' in room && typeof room.schemas === 'object' && room.schemas && 'resident' in room.schemas
    ? room.schemas.resident
    : undefined,
);
const whole = await schemaOf('schema.ts', (room) => ('schema' in room ? room.schema : undefined));

const operation: string = Kind.OPERATION_DEFINITION;
const isOperation = (value: unknown): value is DocumentNode =>
  typeof value === 'object' &&
  value !== null &&
  'definitions' in value &&
  Array.isArray(value.definitions) &&
  value.definitions.some(({ kind }: { kind: string }) => kind === operation);

const changes = (schema: GraphQLSchema) => Object.keys(schema.getMutationType()?.getFields() ?? {});

/** Loading the rest takes memory that an agent which only watches should not need. */
describe('what a link asks of an agent from its first moment', () => {
  it.each(Object.entries({ agents, containers, events, jobs, metrics }))(
    'fits in what is loaded from the start: %s',
    (_room, operations) => {
      const documents = Object.values<unknown>(operations).filter(isOperation);
      expect(documents).not.toHaveLength(0);
      for (const document of documents) expect(validate(resident, document)).toEqual([]);
    },
  );

  it('is a part of the whole, which has more', () => {
    expect(changes(whole)).toEqual(expect.arrayContaining([...changes(resident), 'pullImage']));
    expect(changes(resident)).not.toContain('pullImage');
  });
});
