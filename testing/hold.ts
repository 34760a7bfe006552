import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startProcess } from './processes.ts';

/** Longer than any holder takes: the images of the product, made from nothing on a busy machine. Milliseconds. */
const patience = 900_000;

/** Waits until no other process of this machine holds `file`, and holds it until disposed of, or until this one dies. */
export async function hold(file: string): Promise<AsyncDisposable> {
  await mkdir(dirname(file), { recursive: true });
  const holder = startProcess('flock', [file, 'sh', '-c', 'echo held; exec cat']);
  try {
    await holder.match(/^held$/m, patience);
    return holder;
  } catch (error) {
    await holder[Symbol.asyncDispose]();
    throw error;
  }
}
