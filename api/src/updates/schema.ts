import './policy-type.ts';
import './queries.ts';
import './mutations.ts';
