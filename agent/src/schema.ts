import { builder } from './builder.ts';
import './containers/schema.ts';
import './docker/schema.ts';
import './docker-files/changes-schema.ts';
import './docker-files/schema.ts';
import './images/schema.ts';
import './networks/schema.ts';
import './jobs/schema.ts';
import './self/keys-schema.ts';
import './self/schema.ts';
import './stacks/schema.ts';
import './system/schema.ts';
import './volumes/schema.ts';
import './terminals/schema.ts';

/** What the agent serves; printed to `wire/agent.graphql`. Building it touches neither the host nor Docker. */
export const schema = builder.toSchema({ sortSchema: false });
