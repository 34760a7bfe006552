import { ServerKitError } from '../errors.ts';
import type { MergedPart, SourceReport } from './merged.ts';
import type { Piece } from './pieces.ts';
import type { SourceStart } from './source.ts';

export type LogFormat = 'TEXT' | 'NDJSON';

/** A log and what people call it. */
export interface NamedSource extends Omit<SourceStart, 'after'> {
  readonly server: string;
  readonly name: string;
}

/**
 * Merged logs as a file. A log that cannot be read, or breaks off, is named where that happened: the file would look whole
 * without it. Where none could be read at all, that is an error and no file.
 *
 * @yields the next part of it
 * @throws ServerKitError what befell the only log, or the first of those of which none could be read
 */
export async function* formatted(
  parts: AsyncIterable<MergedPart>,
  sources: readonly NamedSource[],
  format: LogFormat,
): AsyncGenerator<Buffer> {
  const write = format === 'NDJSON' ? ndjson(sources) : text(sources);
  const broken = new Set<number>();
  for await (const { pieces, reports } of parts) {
    let written = pieces.map((piece) => write.piece(piece)).join('');
    for (const report of reports) {
      if (report.state !== 'OFFLINE' && report.state !== 'FAILED') continue;
      broken.add(report.source);
      if (broken.size === sources.length) throw report.error ?? offline();
      written += write.trouble(report);
    }
    if (written !== '') yield Buffer.from(written);
  }
}

interface Writer {
  piece(piece: Piece): string;
  trouble(report: SourceReport): string;
}

const sentenceOf = ({ error }: SourceReport): string => (error ?? offline()).message;

function offline(): ServerKitError {
  return new ServerKitError('AGENT_OFFLINE', 'The server is offline, or went offline meanwhile.');
}

/** As the docker command prints it with timestamps; with the name of the container where there are several. */
function text(sources: readonly NamedSource[]): Writer {
  const several = sources.length > 1;
  const onSeveral = new Set(sources.map(({ serverId }) => serverId)).size > 1;
  const label = (source: number): string => {
    const found = sources[source];
    if (!found || !several) return '';
    return `${found.name}${onSeveral ? `@${found.server}` : ''} `;
  };
  /** Whose line is open, as nothing else may be written into it. */
  let open: Piece | undefined;
  const close = (): string => {
    const end = open ? '\n' : '';
    open = undefined;
    return end;
  };
  return {
    piece(piece) {
      const going = open?.source === piece.source && open.stream === piece.stream;
      const begin = going ? '' : `${close()}${piece.at === '' ? '' : `${piece.at} `}${label(piece.source)}`;
      open = piece.text.endsWith('\n') ? undefined : piece;
      return `${begin}${piece.text.slice(piece.from)}`;
    },
    trouble: (report) => `${close()}# ${label(report.source)}${sentenceOf(report)}\n`,
  };
}

/** One object in JSON for each line. */
function ndjson(sources: readonly NamedSource[]): Writer {
  const whose = (source: number) => {
    const { serverId = '', server = '', containerId = '', name = '' } = sources[source] ?? {};
    return { serverId, server, containerId, container: name };
  };
  return {
    piece({ at, source, stream, text: line, from, partial }) {
      const shown = line.slice(from, line.endsWith('\n') ? -1 : undefined);
      const record = { at: at || null, ...whose(source), stream, text: shown, ...(partial && { partial }) };
      return `${JSON.stringify(record)}\n`;
    },
    trouble(report) {
      const error = { code: report.error?.code ?? offline().code, message: sentenceOf(report) };
      return `${JSON.stringify({ ...whose(report.source), error })}\n`;
    },
  };
}
