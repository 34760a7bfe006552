/**
 * The load of every server as one JSON object per line, until it is interrupted or nobody reads any more.
 *
 *     node metrics.ts | jq 'select(.cpuPercent > 90)'
 *
 * Scopes: servers:read, system:metrics:read.
 */
import { allServers, watchMetrics } from '@serverkit/client';
import { connect } from './connect.ts';

const client = connect();
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.stdout.on('error', () => stop.abort());

const names = new Map<string, string>();
for await (const { id, name } of allServers(client)) names.set(id, name);

try {
  for await (const { serverId, sample } of watchMetrics(client, {}, { signal: stop.signal })) {
    const { at, cpuPercent, memoryUsedBytes, memoryTotalBytes } = sample;
    const server = names.get(serverId) ?? serverId;
    console.log(
      JSON.stringify({ at, server, cpuPercent, memoryPercent: (100 * memoryUsedBytes) / memoryTotalBytes }),
    );
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
