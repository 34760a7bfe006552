import { expect, test } from 'vitest';
import { frame, FrameReader, frames, resizing, sizeIn } from './frames.ts';

test.each([1, 2, 5, 6, 1000])('frames are the same in whatever pieces they come: %i bytes', (size) => {
  const sent = Buffer.concat([
    frame(frames.input, 'é漢'),
    frame(frames.end),
    resizing(132, 43),
    frame(frames.output, Buffer.from([0, 255, 10])),
  ]);
  const reader = new FrameReader();
  const found: { kind: string; content: string }[] = [];
  for (let at = 0; at < sent.length; at += size) {
    for (const { kind, content } of reader.take(sent.subarray(at, at + size)))
      found.push({ kind, content: content.toString('hex') });
  }
  expect(found).toEqual([
    { kind: 'I', content: Buffer.from('é漢').toString('hex') },
    { kind: 'E', content: '' },
    { kind: 'R', content: '0084002b' },
    { kind: 'D', content: '00ff0a' },
  ]);
});

test('a size is told as it is', () => {
  const [told] = [...new FrameReader().take(resizing(132, 43))];
  expect(sizeIn(told?.content ?? Buffer.alloc(0))).toEqual({ columns: 132, rows: 43 });
});

test('a frame longer than any is refused before it is waited for', () => {
  const head = Buffer.from([0x49, 0xff, 0, 0, 0]);
  expect(() => [...new FrameReader().take(head)]).toThrow('too long');
});
