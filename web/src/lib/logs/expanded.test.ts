import { expect, test } from 'vitest';
import { expanded } from './expanded.ts';

test.each([
  ['{"a":1,"b":[true]}', '{\n  "a": 1,\n  "b": [\n    true\n  ]\n}'],
  ['  {"a":{}}  ', '{\n  "a": {}\n}'],
  ['{"a":1', '{"a":1'],
  ['{not json}', '{not json}'],
  ['[INFO] started [ok]', '[INFO] started [ok]'],
  ['"text"', '"text"'],
  ['42', '42'],
])('%j', (text, shown) => {
  expect(expanded({ text })).toBe(shown);
});

test('what is very long stays as it is', () => {
  const text = `{"a":"${'x'.repeat(70_000)}"}`;
  expect(expanded({ text })).toBe(text);
});
