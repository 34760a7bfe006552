import './many-schema.ts';
import './git-schema.ts';
import './mutations.ts';
import './operate-mutations.ts';
import './queries.ts';
import './subscriptions.ts';
import './takeover-schema.ts';
