import { expect, test } from 'vitest';
import { toldToStop, type StopEvent } from './stops.ts';

const kill = (at: number, signal = '15', id = 'a'): StopEvent => ({ id, action: 'kill', signal, at });
const start = (at: number, id = 'a'): StopEvent => ({ id, action: 'start', signal: '', at });
const told = (...events: readonly StopEvent[]) => [...toldToStop(events, 100)];

test('a stop is of who began it, however long the container takes to end', () => {
  expect(told(kill(101))).toEqual(['a']);
  expect(told(kill(99))).toEqual([]);
  expect(told(kill(99), kill(109, '9')), 'it did not listen').toEqual([]);
  expect(told(kill(99), kill(105)), 'somebody else stops it as well').toEqual(['a']);
  expect(told(kill(101, '9', 'b'), kill(99))).toEqual(['b']);
});

test('what was started since, or was only told to read its settings anew, is not stopped', () => {
  expect(told(kill(101), start(102))).toEqual([]);
  expect(told(kill(50), start(60), kill(101, '9'))).toEqual(['a']);
  expect(told(kill(101, '1'))).toEqual([]);
});
