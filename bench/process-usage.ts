import { readFileSync } from 'node:fs';

/** Bytes, from the kernel's own sum over all mappings (man proc_pid_smaps). */
export function memoryOf(pid: number): { readonly rss: number; readonly anonymous: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return { rss: kib('Rss'), anonymous: kib('Anonymous') };
}

/** Milliseconds of CPU, of the process itself and of children it has waited for (man proc_pid_stat; 100 ticks a second). */
export function cpuMs(pid: number): { readonly own: number; readonly children: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').map(Number) ?? [];
  const at = (index: number): number => fields[index] ?? Number.NaN;
  return { own: (at(11) + at(12)) * 10, children: (at(13) + at(14)) * 10 };
}
