import { expect, test } from 'vitest';
import { maskedOptions, pairsOf } from './labels.ts';

test('options are shown without their secrets', () => {
  const options = {
    type: 'cifs',
    device: '//nas/media',
    o: 'username=me,password=hunter2,vers=3.0,credentials=/etc/nas',
    s3_secret_key: 'hunter2',
  };
  expect(maskedOptions(options)).toEqual([
    { key: 'type', value: 'cifs' },
    { key: 'device', value: '//nas/media' },
    { key: 'o', value: 'username=me,password=***,vers=3.0,credentials=***' },
    { key: 's3_secret_key', value: '***' },
  ]);
});

test('nothing is an empty list, and endless labels end', () => {
  expect(pairsOf(null)).toEqual([]);
  expect(pairsOf(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, ''])))).toHaveLength(200);
});
