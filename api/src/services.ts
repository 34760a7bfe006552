import { createAudit, type Audit } from './audit/service.ts';
import { Identity } from './identity/service.ts';
import { Topics } from './live/topics.ts';
import type { Platform } from './platform.ts';

/**
 * Every domain's service, by name: how a resolver, or another domain, reaches it. app.ts builds them once from the
 * platform; a domain adds its lines here.
 */
export interface Services {
  readonly audit: Audit;
  readonly identity: Identity;
  readonly topics: Topics;
}

export function createServices({ db, log }: Platform): Services {
  const topics = new Topics();
  const audit = createAudit(db, log);
  const identity = new Identity({ db, log, audit, topics });
  return { audit, identity, topics };
}
