import { afterEach, expect, test, vi } from 'vitest';
import { leaving } from './leaving.ts';

afterEach(() => vi.unstubAllGlobals());

const target = (path: string) => ({ url: new URL(path, 'https://kit.example') });

interface Leaving {
  readonly to: string | null;
  readonly type?: 'link' | 'leave';
  readonly unsaved?: boolean;
  readonly answer?: boolean;
}

test.each<[string, Leaving, string[]]>([
  ['is not asked with nothing written', { unsaved: false, to: '/jobs' }, []],
  ['is not asked by a tab of the same page', { to: '/stack?tab=logs' }, []],
  ['is asked, and goes', { to: '/jobs', answer: true }, ['Leave?']],
  ['is asked, and stays', { to: '/jobs', answer: false }, ['Leave?', 'stays']],
  ['is asked by the browser, which is closed', { to: null, type: 'leave' }, ['stays']],
])('whoever leaves %s', (_what, { unsaved = true, to, answer = false, type = 'link' }, done) => {
  const seen: string[] = [];
  vi.stubGlobal('confirm', (question: string) => {
    seen.push(question);
    return answer;
  });
  const held = leaving(
    () => unsaved,
    () => 'Leave?',
  );
  const from = target('/stack');
  held({ from, to: to === null ? null : target(to), type, cancel: () => seen.push('stays') });
  expect(seen).toEqual(done);
});
