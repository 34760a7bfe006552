import type { Log } from './log.ts';
import { describe } from './errors.ts';
import { RotatingFile } from './rotating-file.ts';

/** One line of the agent's own record of what was done to this host, and what was refused. */
export interface AuditEntry {
  readonly operationId: string;
  /** As the control plane names them; this host cannot check it. */
  readonly actor: string;
  /** Root field, for example `stopContainer`. */
  readonly field: string;
  readonly outcome: 'succeeded' | 'failed' | 'refused';
  /** Code of `wire/errors.ts`, unless it succeeded. */
  readonly code?: string | undefined;
  /** What it was done to, for example a container's id. Never a secret. */
  readonly target?: string | undefined;
}

/** Append-only record on the managed host, which the control plane can neither read nor change. */
export interface Audit {
  record(entry: AuditEntry): void;
}

const MAX_BYTES = 10 * 1024 * 1024;
const BACKUPS = 5;

/** JSON lines, readable by the agent's user only (0600), rotated at 10 MiB, five old files kept. */
export function openAudit(file: string, log: Log): Audit {
  const target = new RotatingFile({ path: file, maxBytes: MAX_BYTES, backups: BACKUPS, mode: 0o600 });
  return {
    record(entry) {
      try {
        target.append(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
      } catch (error) {
        log.error('the audit file cannot be written', { reason: describe(error), field: entry.field });
      }
    },
  };
}
