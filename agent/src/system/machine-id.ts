import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** machine-id(5): made once per installed system, confidential; the second is where it was before systemd. */
const files = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** Names this application, as sd_id128_get_machine_app_specific(3) asks for. Random, and never to be changed. */
const APPLICATION = 'serverkit-agent f1f6a8b43d0e4b7c9d52b8a7c0e6d914';

/**
 * An id of this machine that only ServerKit knows it by: HMAC-SHA-256 under the machine id, since machine-id(5) forbids
 * to hand out the id itself. A host without one gets a random id, kept in the state folder.
 *
 * @returns 32 hex digits
 */
export function machineIdOf(stateDir: string, candidates: readonly string[] = files): string {
  const id = candidates.map(readId).find((found) => found !== undefined) ?? ownId(stateDir);
  return createHmac('sha256', Buffer.from(id, 'hex')).update(APPLICATION).digest('hex').slice(0, 32);
}

function readId(file: string): string | undefined {
  try {
    return /^[0-9a-f]{32}$/i.exec(readFileSync(file, 'utf8').trim())?.[0];
  } catch {
    return undefined;
  }
}

function ownId(stateDir: string): string {
  const file = path.join(stateDir, 'machine-id');
  const known = readId(file);
  if (known) return known;
  const id = randomBytes(16).toString('hex');
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${id}\n`, { mode: 0o600 });
  return id;
}
