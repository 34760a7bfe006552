import { expect, test } from 'vitest';
import { shortNames } from './short-names.ts';

test.each([
  [
    ['shop_web_1', 'shop_worker_1'],
    ['web_1', 'worker_1'],
  ],
  [
    ['my-shop-web-1', 'my-shop-web-2'],
    ['1', '2'],
  ],
  [
    ['web', 'worker'],
    ['web', 'worker'],
  ],
  [
    ['shop-', 'shop-web'],
    ['shop-', 'shop-web'],
  ],
  [['shop_web_1'], ['shop_web_1']],
  [[], []],
])('%j are shown as %j', (names, shown) => {
  expect(shortNames(names)).toEqual(shown);
});
