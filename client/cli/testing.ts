import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { serverkit, type Surroundings } from './main.ts';
import type { ExitCode } from './failure.ts';
import type { Sink } from './output.ts';

/** Keeps what is written, as a terminal or a file would. */
export class TestSink extends EventEmitter implements Sink {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    this.emit('written');
    return true;
  }

  get objects(): unknown[] {
    return this.text.split('\n').flatMap((line): unknown[] => (line === '' ? [] : [JSON.parse(line)]));
  }
}

export interface Ran {
  readonly code: ExitCode;
  readonly out: TestSink;
  readonly err: TestSink;
}

/** Runs a command line in this process. */
export async function ran(
  args: readonly string[],
  {
    stdin = '',
    terminal = false,
    ...rest
  }: Partial<Omit<Surroundings, 'stdin'>> & { readonly stdin?: string; readonly terminal?: boolean } = {},
): Promise<Ran> {
  const input = Readable.from([stdin]);
  const [out, err] = [new TestSink(terminal), new TestSink(terminal)];
  const code = await serverkit(args, {
    env: {},
    stdin: () => input,
    signal: new AbortController().signal,
    version: '1.2.3',
    stdout: out,
    stderr: err,
    ...rest,
  });
  return { code, out, err };
}
