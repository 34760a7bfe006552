import './mutations.ts';
import './operate-mutations.ts';
import './queries.ts';
import './takeover-schema.ts';
