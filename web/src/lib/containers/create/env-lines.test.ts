import { expect, test } from 'vitest';
import { variablesOf } from './env-lines.ts';

test('lines of a .env file are a variable each, comments and blank lines left out', () => {
  expect(variablesOf('# shop\nA=1\n\nexport B="x = y"\r\nC=\n')).toEqual([
    { name: 'A', value: '1' },
    { name: 'B', value: 'x = y' },
    { name: 'C', value: '' },
  ]);
});

test('a value in quotes keeps all of its lines', () => {
  expect(variablesOf('KEY="-----BEGIN KEY-----\nMIIabc=\n-----END KEY-----"\nA=1')).toEqual([
    { name: 'KEY', value: '-----BEGIN KEY-----\nMIIabc=\n-----END KEY-----' },
    { name: 'A', value: '1' },
  ]);
});

test.each(['NAME', 'two words', 'A=1\nand this', 'KEY="never closed\nA=1', ''])(
  '%j is pasted as it is: nothing of it is dropped',
  (text) => expect(variablesOf(text)).toBeNull(),
);
