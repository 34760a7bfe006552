import { saveFile } from '../save-file.ts';
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
  const name = sources.length === 1 ? (sources[0]?.name ?? 'container') : 'containers';
  const at = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  saveFile(
    `${name.replaceAll(/[^\w.-]+/g, '_')}-${at}.log`,
    lines.map((line) => fileLine(line, sources)),
  );
}
