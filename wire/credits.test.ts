import { describe, expect, it } from 'vitest';
import { grantsOf, maxGrantBytes, receivedOf } from './credits.ts';

const good = { streamId: 's', bytes: 1 };

describe('credits in a ping', () => {
  it('are read where they are of the agreed form', () => {
    expect(grantsOf({ grants: [good, { streamId: 't', bytes: maxGrantBytes }] })).toHaveLength(2);
    expect(receivedOf({ received: 7 })).toBe(7);
  });

  it.each([undefined, null, 7, 'grants', [], {}, { grants: null }, { grants: good }, { grants: '[]' }])(
    'are none in %j',
    (payload) => {
      expect(grantsOf(payload)).toEqual([]);
      expect(receivedOf(payload)).toBe(0);
    },
  );

  it.each([
    null,
    [],
    {},
    { streamId: 's' },
    { bytes: 1 },
    { streamId: 7, bytes: 1 },
    { streamId: 's', bytes: 0 },
    { streamId: 's', bytes: -1 },
    { streamId: 's', bytes: 1.5 },
    { streamId: 's', bytes: Number.NaN },
    { streamId: 's', bytes: Number.POSITIVE_INFINITY },
    { streamId: 's', bytes: maxGrantBytes + 1 },
    { streamId: 's', bytes: '1' },
  ])('leave out %j and keep its neighbour', (bad) => {
    expect(grantsOf({ grants: [bad, good] })).toEqual([good]);
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '7', null])(
    '%j received is nothing',
    (received) => {
      expect(receivedOf({ received })).toBe(0);
    },
  );
});
