import { describe, expect, test } from 'vitest';
import { bigintOf, hexOf } from './columns.ts';
import { packDetail, shapeOf, unpackDetail } from './detail.ts';
import { Packer, Unpacker } from './packed-numbers.ts';
import { sample } from './testing.ts';

describe('packed numbers', () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 + 1, 2 ** 49, 2 ** 53 - 1])(
    '%d whole',
    (value) => {
      const packer = new Packer();
      packer.whole(value);
      expect(new Unpacker(packer.finish()).whole()).toBe(value);
    },
  );

  test.each([
    0,
    0.01,
    -0.01,
    99.99,
    100,
    -273.15,
    1e15 + 0.25,
    1 / 3,
    5e-324,
    1.005,
    123_456_789.12,
    2 ** 53,
  ])('%d decimal', (value) => {
    const packer = new Packer();
    packer.decimal(value);
    expect(new Unpacker(packer.finish()).decimal()).toBe(value);
  });

  test('a percentage takes two or three bytes', () => {
    const size = (value: number) => {
      const packer = new Packer();
      packer.decimal(value);
      return packer.finish().length;
    };
    expect([0, 0.5, 12.34, 99.99, 100].map(size)).toStrictEqual([1, 1, 2, 3, 3]);
  });

  test('any hundredth comes back', () => {
    const packer = new Packer();
    for (let index = 0; index < 20_000; index++) packer.decimal(index / 100);
    const numbers = new Unpacker(packer.finish());
    for (let index = 0; index < 20_000; index++) expect(numbers.decimal()).toBe(index / 100);
  });
});

describe('a shape', () => {
  test('is given again while the names stay, whatever the numbers', () => {
    const shape = shapeOf(sample(1));
    expect(shapeOf(sample(2), shape)).toBe(shape);
    expect(shapeOf(sample(2))).toStrictEqual(shape);
  });

  test.each([
    ['a mount moved', { mounts: sample(1).mounts.toReversed() }],
    ['a disk left', { disks: sample(1).disks.slice(1) }],
    ['an interface came', { networks: [...sample(1).networks, ...sample(2).networks] }],
    [
      'a sensor was renamed',
      { temperatures: sample(1).temperatures.map(({ celsius }) => ({ label: 'x', celsius })) },
    ],
    ['a core came', { cpuCores: [1, 2, 3, 4, 5] }],
  ])('is another when %s', (_what, change) => {
    const shape = shapeOf(sample(1));
    const other = shapeOf(sample(1, change), shape);
    expect(other.hash).not.toBe(shape.hash);
    expect(unpackDetail(other.body, packDetail(sample(1, change)))).toMatchObject(change);
  });

  test('cannot be mistaken for another by names that run together', () => {
    const disk = (name: string) => ({ name, readBytesPerSecond: 0, writeBytesPerSecond: 0 });
    const [one, two] = [
      sample(1, { disks: [disk('a"],["b')] }),
      sample(1, { disks: [disk('a'), disk('b')] }),
    ];
    expect(shapeOf(one).hash).not.toBe(shapeOf(two).hash);
  });
});

test.each([
  '0000000000000000',
  '7fffffffffffffff',
  '8000000000000000',
  'ffffffffffffffff',
  '00ab00cd00ef0012',
])('the epoch %s fits a bigint', (epoch) => {
  expect(hexOf(bigintOf(epoch))).toBe(epoch);
});
