import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createDocuments } from './documents.ts';

const resident = buildSchema('type Query { seen: Int }');
const whole = buildSchema('type Query { seen: Int, asked: Int }');

describe('a document', () => {
  it('that fits what is resident is prepared at once, and nothing is loaded', () => {
    const documents = createDocuments({ resident, whole: () => Promise.reject(new Error('loaded')) });
    expect(documents('{ seen }', null)).toMatchObject({ schema: resident, rootFields: ['seen'] });
  });

  it('that does not fit waits for the whole, which is loaded once and serves everything from then on', async () => {
    let loads = 0;
    const load = Promise.withResolvers<typeof whole>();
    const documents = createDocuments({
      resident,
      whole() {
        loads += 1;
        return load.promise;
      },
    });
    const first = documents('{ asked }', null);
    const second = documents('{ seen asked }', null);
    expect(documents('{ seen }', null)).toMatchObject({ schema: resident });
    load.resolve(whole);
    await expect(Promise.all([first, second])).resolves.toMatchObject([
      { schema: whole, rootFields: ['asked'] },
      { schema: whole, rootFields: ['seen', 'asked'] },
    ]);
    expect(documents('{ seen }', null)).toMatchObject({ schema: whole });
    expect(loads).toBe(1);
  });

  it('that fits neither is refused', async () => {
    const documents = createDocuments({ resident, whole: () => Promise.resolve(whole) });
    await expect(documents('{ unknown }', null)).rejects.toMatchObject({ code: 'DOCUMENT_INVALID' });
    expect(() => documents('{ unknown }', null)).toThrow('does not fit this agent');
  });

  it('is tried again after the whole could not be loaded', async () => {
    const outcomes = [Promise.reject<typeof whole>(new Error('no memory')), Promise.resolve(whole)];
    const documents = createDocuments({ resident, whole: () => outcomes.shift() ?? Promise.resolve(whole) });
    await expect(documents('{ asked }', null)).rejects.toThrow('no memory');
    await expect(documents('{ asked }', null)).resolves.toMatchObject({ schema: whole });
  });
});
