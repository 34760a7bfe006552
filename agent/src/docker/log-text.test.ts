import { describe, expect, test } from 'vitest';
import type { LogSegment } from './container.ts';
import { FrameReader } from './frames.ts';
import { BATCH_BYTES, LogText } from './log-text.ts';

/** One message of the engine on a stream. */
function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/** Cuts bytes into chunks of the given sizes, again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function read(chunks: readonly Buffer[], { timestamps = false, end = true } = {}): LogSegment[][] {
  const batches: LogSegment[][] = [];
  const text = new LogText((segments) => batches.push(segments), timestamps);
  const frames = new FrameReader();
  for (const chunk of chunks) {
    frames.read(chunk, text.take.bind(text));
    text.flush();
  }
  if (end) text.end();
  return batches;
}

const textOf = (batches: readonly LogSegment[][], stream: 'STDOUT' | 'STDERR'): string =>
  batches
    .flat()
    .filter((segment) => segment.stream === stream)
    .map(({ text }) => text)
    .join('');

const bytesOf = (segments: readonly LogSegment[]): number =>
  segments.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

/** Repeatable noise (Mulberry32). */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe('lines', () => {
  test('come whole, streams apart and in order', () => {
    const bytes = Buffer.concat([frame(1, 'one\ntwo\n'), frame(2, 'oh\n'), frame(1, 'three\n')]);
    expect(read([bytes])).toEqual([
      [
        { stream: 'STDOUT', text: 'one\ntwo\n', partial: false },
        { stream: 'STDERR', text: 'oh\n', partial: false },
        { stream: 'STDOUT', text: 'three\n', partial: false },
      ],
    ]);
  });

  test('wait for their end', () => {
    const chunks = [frame(1, 'half a '), frame(2, 'warning\n'), frame(1, 'line\nnext')];
    expect(read(chunks, { end: false }).flat()).toEqual([
      { stream: 'STDERR', text: 'warning\n', partial: false },
      { stream: 'STDOUT', text: 'half a line\n', partial: false },
    ]);
  });

  test('the last of a finished log may lack its end', () => {
    expect(read([frame(1, 'no newline')]).flat()).toEqual([
      { stream: 'STDOUT', text: 'no newline', partial: false },
    ]);
  });

  test('that are empty stay', () => {
    expect(textOf(read([frame(1, '\n'), frame(1, '\n\n'), frame(1, 'x\n')]), 'STDOUT')).toBe('\n\n\nx\n');
  });

  test('over 64 KB come in pieces, all but the last marked', () => {
    const line = `${'a'.repeat(150_000)}\n`;
    const segments = read(cut(frame(1, `before\n${line}after\n`), [16 * 1024])).flat();
    expect(segments.map(({ partial }) => partial)).toEqual([false, true, true, false]);
    expect(segments.map(({ text }) => text).join('')).toBe(`before\n${line}after\n`);
  });

  test('of 10 MB pass in bounded pieces', () => {
    const line = `${'é'.repeat(5 * 1024 * 1024)}\n`;
    const batches = read(cut(frame(1, line), [65_536]));
    expect(Math.max(...batches.map(bytesOf))).toBeLessThanOrEqual(BATCH_BYTES);
    expect(textOf(batches, 'STDOUT') === line).toBe(true);
  });

  test('of exactly the limit come in one piece', () => {
    const line = `${'b'.repeat(BATCH_BYTES - 1)}\n`;
    expect(read(cut(frame(1, line + line), [10_000])).flat()).toEqual([
      { stream: 'STDOUT', text: line, partial: false },
      { stream: 'STDOUT', text: line, partial: false },
    ]);
  });
});

describe('bytes', () => {
  test('characters survive any cut', () => {
    const text = 'aé漢😀z\n'.repeat(50);
    for (const size of [1, 2, 3, 5, 7]) {
      const frames = Buffer.concat(cut(Buffer.from(text), [3, 1, 4]).map((piece) => frame(1, piece)));
      expect(textOf(read(cut(frames, [size])), 'STDOUT')).toBe(text);
    }
  });

  test('characters survive where a long line is cut', () => {
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const line = `${shift}${'😀'.repeat(40_000)}\n`;
      expect(textOf(read(cut(frame(1, line), [16_384])), 'STDOUT') === line).toBe(true);
    }
  });

  test('that are not UTF-8 become U+FFFD and spoil nothing around them', () => {
    const bytes = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x0a, 0xe2, 0x82, 0x0a, 0x62, 0x0a]);
    expect(textOf(read(cut(frame(1, bytes), [1])), 'STDOUT')).toBe('a\ufffd\ufffd(\n\ufffd\nb\n');
  });

  test('of a terminal, and zeros, pass as they are', () => {
    const text = '\u001b[31mred\u001b[0m\u0000\u0007\r\n';
    expect(textOf(read([frame(1, text)]), 'STDOUT')).toBe(text);
  });

  test('a long line that is no text at all ends', () => {
    const bytes = Buffer.alloc(200_000, 0x80);
    expect(textOf(read(cut(frame(1, bytes), [65_536])), 'STDOUT')).toBe('\ufffd'.repeat(200_000));
  });
});

describe('timestamps', () => {
  const stamp = '2026-11-22T07:12:42.530123456Z ';

  test('begin each line, and are taken out where the engine cut a line', () => {
    const chunks = [
      frame(1, `${stamp}${'x'.repeat(100)}`),
      frame(1, `${stamp}yyy\n`),
      frame(1, `${stamp}next\n`),
    ];
    for (const size of [7, 31, 1000]) {
      const text = textOf(read(cut(Buffer.concat(chunks), [size]), { timestamps: true }), 'STDOUT');
      expect(text).toBe(`${stamp}${'x'.repeat(100)}yyy\n${stamp}next\n`);
    }
  });

  test('of one stream do not depend on the other', () => {
    const chunks = [frame(1, `${stamp}half`), frame(2, `${stamp}err\n`), frame(1, `${stamp} done\n`)];
    const batches = read(chunks, { timestamps: true });
    expect(textOf(batches, 'STDOUT')).toBe(`${stamp}half done\n`);
    expect(textOf(batches, 'STDERR')).toBe(`${stamp}err\n`);
  });
});

describe('batches', () => {
  test('hold at most 64 KB of whole lines', () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${'.'.repeat(n % 90)}\n`);
    const batches = read(cut(Buffer.concat(lines.map((line) => frame(1, line))), [65_536]));
    expect(Math.max(...batches.map(bytesOf))).toBeLessThanOrEqual(BATCH_BYTES);
    expect(textOf(batches, 'STDOUT') === lines.join('')).toBe(true);
    for (const segment of batches.flat()) expect(segment.text.endsWith('\n')).toBe(true);
  });

  test('say what was logged, however it was cut', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomly(seed);
      const logged = { 1: '', 2: '' };
      const frames: Buffer[] = [];
      for (let n = 0; n < 60; n++) {
        const stream = random(3) === 0 ? 2 : 1;
        const length = random(4) === 0 ? random(90_000) : random(200);
        const text = Array.from(
          { length: Math.ceil(length / 10) },
          () => ['0123456789', 'é漢😀', '\n', 'x\ny'][random(4)],
        ).join('');
        logged[stream] += text;
        // The engine cuts messages at any byte.
        for (const piece of cut(Buffer.from(text), [1 + random(20_000)])) frames.push(frame(stream, piece));
      }
      const batches = read(cut(Buffer.concat(frames), [1 + random(70_000), 1 + random(100)]));
      expect(textOf(batches, 'STDOUT') === logged[1]).toBe(true);
      expect(textOf(batches, 'STDERR') === logged[2]).toBe(true);
      expect(Math.max(...batches.map(bytesOf))).toBeLessThanOrEqual(BATCH_BYTES);
    }
  });
});

describe('frames', () => {
  test('that are empty say nothing', () => {
    expect(read([frame(1, ''), frame(2, ''), frame(1, 'x\n')]).flat()).toHaveLength(1);
  });

  test('of unknown form are refused', () => {
    expect(() => read([Buffer.from('plain text, no frames\n')])).toThrow(/form that is not known/);
    expect(() => read([Buffer.from([4, 0, 0, 0, 0, 0, 0, 1, 65])])).toThrow(/form that is not known/);
    expect(() => read([Buffer.from([1, 0, 1, 0, 0, 0, 0, 1, 65])])).toThrow(/form that is not known/);
  });
});
