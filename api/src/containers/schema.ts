import './mutations.ts';
import './queries.ts';
import './subscriptions.ts';
import './work/mutations.ts';
import './work/queries.ts';
import './work/job-mutations.ts';
