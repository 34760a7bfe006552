/**
 * Containers that fail their health check, on any server. Ends with 1 when there is one, for a monitoring job.
 *
 *     node unhealthy.ts
 *
 * Scopes: servers:read, docker:containers:read.
 */
import { allContainers } from '@serverkit/client';
import { connect } from './connect.ts';

let found = 0;
for await (const { server, name, health, status } of allContainers(connect(), {
  filter: { states: ['RUNNING'] },
})) {
  if (health !== 'UNHEALTHY') continue;
  found += 1;
  console.log(`${server.name}/${name}: ${status}`);
}
process.exitCode = found > 0 ? 1 : 0;
