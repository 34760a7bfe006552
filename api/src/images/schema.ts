import './mutations.ts';
import './queries.ts';
import './pull-schema.ts';
