import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { Failure } from '../api/failure.ts';
import { en as earlyEn } from './early-en.ts';
import { fr as earlyFr } from './early-fr.ts';
import { en as laterEn } from './en.ts';
import { fr as laterFr } from './fr.ts';

const en = { ...earlyEn, ...laterEn };
const fr = { ...earlyFr, ...laterFr };

/** Every text by its path; for a text with gaps, how many it has. */
function shape(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'function') return [[path, `takes ${value.length}`]];
  if (typeof value !== 'object' || value === null) return [[path, typeof value]];
  return Object.entries(value).flatMap(([key, part]) => shape(part, path === '' ? key : `${path} › ${key}`));
}

function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => texts(part, path === '' ? key : `${path} › ${key}`));
}

test('French says all that English says', () => {
  const names = (messages: unknown) =>
    shape(messages)
      .map(([path]) => path)
      .toSorted();
  expect(names(fr)).toEqual(names(en));
});

test('no text is empty in one language only', () => {
  const french = new Map(texts(fr));
  const different = texts(en).filter(([path, text]) => (text === '') !== (french.get(path) === ''));
  expect(different).toEqual([]);
});

test('French puts unbreakable or no space where English has a plain apostrophe', () => {
  expect(texts(fr).filter(([, text]) => text.includes("'"))).toEqual([]);
});

describe('errors', () => {
  const schema = buildSchema(
    readFileSync(new URL('../../../../api/schema.graphql', import.meta.url), 'utf8'),
  );
  const type = schema.getType('ErrorCode');
  const codes = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];

  test('every code of the API has a sentence in both languages', () => {
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !(code in en.errors))).toEqual([]);
    expect(codes.filter((code) => !(code in fr.errors))).toEqual([]);
  });

  test.each([
    ['en', en.errors],
    ['fr', fr.errors],
  ] as const)('each is a sentence of its own, never the code (%s)', (_, sentences) => {
    const told = Object.entries(sentences).map(([code, sentence]) => ({
      code,
      text: sentence(new Failure(code, 'Something of the API.')),
    }));
    expect(told.filter(({ text }) => !/[.!?]$|serverkit-agent$|docker$/.test(text))).toEqual([]);
    expect(told.filter(({ code, text }) => text.includes(code))).toEqual([]);
  });

  test('name the server, the scope and the time to wait where the API tells them', () => {
    expect(en.errors.AGENT_OFFLINE(new Failure('', '', { serverName: 'web-1' }))).toContain('web-1');
    expect(en.errors.PERMISSION_DENIED(new Failure('', '', { scope: 'servers:write' }))).toContain(
      'servers:write',
    );
    expect(fr.errors.RATE_LIMITED(new Failure('', '', { retryAfterSeconds: 90 }))).toContain('1 min 30 s');
  });
});

test.each([
  ['English', en.stacks.does, /^(To be |Stays )/],
  ['French', fr.stacks.does, /^(À |Reste )/],
])('a plan says what will happen to a service, and never that it has (%s)', (_language, does, ahead) => {
  const words = Object.values(does);
  expect(words).toHaveLength(6);
  expect(words.filter((word) => !ahead.test(word))).toEqual([]);
});

test('counts follow the rules of their language', () => {
  const counts = [0, 1, 2];
  expect(counts.map(en.logs.lines)).toEqual(['0 lines', '1 line', '2 lines']);
  expect(counts.map(fr.logs.lines)).toEqual(['0 ligne', '1 ligne', '2 lignes']);
});
