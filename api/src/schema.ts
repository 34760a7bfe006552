import './graphql/node.ts';
import './access/schema.ts';
import './groups/schema.ts';
import './graphql/error-code.ts';
import './identity/schema.ts';
import './tokens/schema.ts';
import './audit/schema.ts';
import './servers/schema.ts';
import './saved-filters/schema.ts';
import './containers/schema.ts';
import './images/schema.ts';
import './volumes/schema.ts';
import './networks/schema.ts';
import './docker-events/schema.ts';
import './docker-files/schema.ts';
import './logs/schema.ts';
import './jobs/schema.ts';
import './bulk/schema.ts';
import './control-plane/schema.ts';
import './keys/schema.ts';
import './metrics/schema.ts';
import './overview/schema.ts';
import './terminals/schema.ts';
import './stacks/schema.ts';
import './registries/schema.ts';
import { builder } from './builder.ts';

/** The public schema. Each domain adds its part when it is imported above. */
export const schema = builder.toSchema();
