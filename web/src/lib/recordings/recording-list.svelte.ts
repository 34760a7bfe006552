import { query } from '../api/operations.ts';
import { Pages } from '../api/pages.svelte.ts';
import type { Recordings_ListQuery } from '../generated/graphql.ts';
import { List } from './documents.ts';

export type Recording = Recordings_ListQuery['terminalRecordings']['nodes'][number];

/** Recordings of terminals of one server, or of all where none is named; the newest first. */
export class RecordingList extends Pages<string, Recording> {
  constructor() {
    super(
      '',
      async (serverId, page) =>
        (await query(List, { ...page, serverId: serverId || null })).data.terminalRecordings,
    );
  }
}
