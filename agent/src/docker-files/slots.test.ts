import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const patient = () => new AbortController().signal;

test('so many go at once, the others in the order they came', async () => {
  const slots = createSlots(2, 'lists');
  const [first, second] = [slots.take(), slots.take()];
  expect(() => slots.take()).toThrow(expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' }));
  const begun: string[] = [];
  const third = slots.wait(patient()).then((turn) => (begun.push('third'), turn));
  const fourth = slots.wait(patient()).then((turn) => (begun.push('fourth'), turn));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  // What was freed is theirs who waited.
  expect(() => slots.take()).toThrow('wait for one to end');
  (await third)[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
  expect(begun).toEqual(['third', 'fourth']);
  second[Symbol.dispose]();
  slots.take();
  slots.take();
});

test('one who leaves has no turn, and takes none from the others', async () => {
  const slots = createSlots(1, 'lists');
  const held = slots.take();
  const left = new AbortController();
  const gone = slots.wait(left.signal);
  const next = slots.wait(patient());
  left.abort();
  await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(slots.wait(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  held[Symbol.dispose]();
  (await next)[Symbol.dispose]();
});
