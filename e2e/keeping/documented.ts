import { readFileSync } from 'node:fs';

/** The commands of a document in the order they stand there, one for each line in a `sh` block. */
export function commandsIn(file: string): string[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/^```sh\n(.*?)^```/gms);
  return [...blocks].flatMap(([, block = '']) => block.split('\n').filter((line) => line !== ''));
}
