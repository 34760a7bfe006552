import { readText } from '../system/read-text.ts';
import { parseNetDev, type NetworkBytes } from '../system/networks.ts';

/** All that went through a container's interfaces, out of its network namespace; null when it cannot be seen. */
export function networkBytesOf(pid: number): NetworkBytes | null {
  const text = readText(`/proc/${pid}/net/dev`);
  if (text === '') return null;
  let [received, sent] = [0, 0];
  for (const [name, bytes] of parseNetDev(text)) {
    if (name === 'lo') continue;
    received += bytes.received;
    sent += bytes.sent;
  }
  return { received, sent };
}
