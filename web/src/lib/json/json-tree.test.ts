import { expect, test } from 'vitest';
import { jsonTree, matching, type JsonNode } from './json-tree.ts';

const json = JSON.stringify({
  Id: 'abc',
  State: { Running: true, Pid: 7, Error: '' },
  Config: { Env: ['A=1', 'B=2'], Labels: {}, Volumes: null },
});
/** As an outline. */
const outline = (nodes: readonly JsonNode[]): unknown[] =>
  nodes.map(({ key, text, children }) =>
    children ? { [`${key} ${text}`]: outline(children) } : `${key} ${text}`,
  );

test('every value has its place', () => {
  expect(outline(jsonTree(json))).toEqual([
    'Id "abc"',
    { 'State { 3 }': ['Running true', 'Pid 7', 'Error ""'] },
    { 'Config { 3 }': [{ 'Env [ 2 ]': ['0 "A=1"', '1 "B=2"'] }, 'Labels {}', 'Volumes null'] },
  ]);
});

test('a search keeps what leads to what was found', () => {
  const tree = jsonTree(json);
  expect(outline(matching(tree, 'b=2'))).toEqual([{ 'Config { 3 }': [{ 'Env [ 2 ]': ['1 "B=2"'] }] }]);
  expect(outline(matching(tree, 'STATE'))).toEqual([
    { 'State { 3 }': ['Running true', 'Pid 7', 'Error ""'] },
  ]);
  expect(matching(tree, ' ')).toBe(tree);
  expect(matching(tree, 'nowhere')).toEqual([]);
});
