import './build-schema.ts';
import './mutations.ts';
import './queries.ts';
import './pull-schema.ts';
import './updates-schema.ts';
import './many-schema.ts';
