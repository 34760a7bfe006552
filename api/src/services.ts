import type { Audit } from './audit/service.ts';
import type { Topics } from './live/topics.ts';

/**
 * Every domain's service, by name: how a resolver, or another domain, reaches it. app.ts builds them once from the
 * platform; a domain adds its line here.
 */
export interface Services {
  readonly audit: Audit;
  readonly topics: Topics;
}
