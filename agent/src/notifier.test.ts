import { expect, test } from 'vitest';
import { Notifier } from './notifier.ts';

test('wakes everyone who waits, and nobody who begins to wait because of it', async () => {
  const news = new Notifier();
  const { signal } = new AbortController();
  const woken: string[] = [];
  const first = news.wait(signal).then(() => woken.push('first'));
  const second = news.wait(signal).then(() => woken.push('second'));
  news.notify();
  const later = new AbortController();
  const third = news.wait(later.signal).then(() => woken.push('third'));
  await Promise.all([first, second]);
  expect(woken).toEqual(['first', 'second']);
  later.abort();
  await third;
});

test('gives up, without an error, when the signal aborts', async () => {
  await expect(new Notifier().wait(AbortSignal.abort())).resolves.toBeUndefined();
});
