/**
 * Restarts every running container that has a label, one after the other, and stops at the first that does not come back.
 *
 *     node restart-by-label.ts app=web
 *
 * Scopes: servers:read, docker:containers:read, docker:containers:write.
 */
import { allContainers, RestartContainerDocument, ServerKitApiError } from '@serverkit/client';
import { connect } from './connect.ts';

const [label] = process.argv.slice(2);
if (label === undefined) {
  console.error('Name a label: node restart-by-label.ts KEY=VALUE');
  process.exit(2);
}

const client = connect();
const filter = { labels: [label], states: ['RUNNING'] as const };
for await (const { id, name, server } of allContainers(client, { filter })) {
  try {
    const input = { serverId: server.id, containerId: id };
    const { restartContainer } = await client.request(RestartContainerDocument, { input });
    console.log(`${server.name}/${name}: ${restartContainer.container.status}`);
  } catch (error) {
    if (!(error instanceof ServerKitApiError)) throw error;
    console.error(`${server.name}/${name}: ${error.message}`);
    process.exit(1);
  }
}
