import { plain } from './ansi.ts';
import type { LogSource } from './feed.svelte.ts';
import type { LogLine } from './splitter.ts';

/** One line as a file has it: time, name when there are several, text without colours. */
export function fileLine({ at, source, text }: LogLine, sources: readonly LogSource[]): string {
  const name = sources.length > 1 ? `${sources[source]?.name ?? ''} ` : '';
  return `${at === '' ? '' : `${at} `}${name}${plain(text)}\n`;
}

/** Saves the lines on show as a text file. */
export function saveLines(lines: readonly LogLine[], sources: readonly LogSource[]): void {
  const blob = new Blob(
    lines.map((line) => fileLine(line, sources)),
    { type: 'text/plain;charset=utf-8' },
  );
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  const name = sources.length === 1 ? (sources[0]?.name ?? 'container') : 'containers';
  link.href = url;
  link.download = `${name.replaceAll(/[^\w.-]+/g, '_')}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
