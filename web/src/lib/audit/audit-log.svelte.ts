import { query } from '../api/operations.ts';
import { Pages } from '../api/pages.svelte.ts';
import type { Audit_EventFragment, AuditEventFilter } from '../generated/graphql.ts';
import { List } from './documents.ts';

export type AuditEvent = Audit_EventFragment;

/** What was done, the newest first. */
export class AuditLog extends Pages<AuditEventFilter, AuditEvent> {
  constructor() {
    super({}, async (filter, page) => (await query(List, { ...page, filter })).data.auditEvents);
  }
}
