import { Access } from './access/service.ts';
import { createAgentService, type AgentMachinery } from './agents/service.ts';
import { createAudit, type Audit } from './audit/service.ts';
import { AuditTrail } from './audit/trail.ts';
import { Containers } from './containers/service.ts';
import { createControlPlane, type ControlPlane } from './control-plane/service.ts';
import { DockerEvents } from './docker-events/service.ts';
import { DockerFiles } from './docker-files/service.ts';
import { Fleet } from './fleet/service.ts';
import { Identity } from './identity/service.ts';
import { Groups } from './groups/service.ts';
import { ArchiveBuilds } from './images/builds.ts';
import { Images } from './images/service.ts';
import { createInstall, type Install } from './install/service.ts';
import { Jobs } from './jobs/service.ts';
import { Topics } from './live/topics.ts';
import { Keys } from './keys/service.ts';
import { Logs } from './logs/service.ts';
import { Metrics } from './metrics/service.ts';
import { Overview } from './overview/service.ts';
import { Networks } from './networks/service.ts';
import type { Platform } from './platform.ts';
import { Registries } from './registries/service.ts';
import { SavedFilters } from './saved-filters/service.ts';
import { Secrets } from './secrets/service.ts';
import { Servers } from './servers/service.ts';
import { Terminals } from './terminals/service.ts';
import { GitSources } from './stacks/git-sources.ts';
import { Stacks } from './stacks/service.ts';
import { Updates } from './updates/service.ts';
import { Mandates } from './mandates/service.ts';
import { Tokens } from './tokens/service.ts';
import { Volumes } from './volumes/service.ts';

/**
 * Every domain's service, by name: how a resolver, or another domain, reaches it. app.ts builds them once from the
 * platform; a domain adds its lines here.
 */
export interface Services {
  readonly access: Access;
  readonly agents: AgentMachinery;
  readonly audit: Audit;
  readonly auditTrail: AuditTrail;
  readonly containers: Containers;
  readonly controlPlane: ControlPlane;
  readonly dockerEvents: DockerEvents;
  readonly dockerFiles: DockerFiles;
  readonly fleet: Fleet;
  readonly gitSources: GitSources;
  readonly groups: Groups;
  readonly identity: Identity;
  readonly imageBuilds: ArchiveBuilds;
  readonly images: Images;
  readonly install: Install;
  readonly jobs: Jobs;
  readonly keys: Keys;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly networks: Networks;
  readonly overview: Overview;
  readonly registries: Registries;
  readonly savedFilters: SavedFilters;
  readonly secrets: Secrets;
  readonly servers: Servers;
  readonly terminals: Terminals;
  readonly stacks: Stacks;
  readonly tokens: Tokens;
  readonly topics: Topics;
  readonly updates: Updates;
  readonly volumes: Volumes;
}

export function createServices(platform: Platform): Services {
  const { db, log, vault, frontDoor } = platform;
  const topics = new Topics();
  const audit = createAudit(platform);
  const auditTrail = new AuditTrail(platform, audit);
  const access = new Access({ db, audit, topics });
  const identity = new Identity({ db, log, vault, access, audit, topics });
  const tokens = new Tokens({ db, log, access, audit, topics, identity });
  const mandates = new Mandates({ db, access, tokens });
  const groups = new Groups({ db, access, audit, topics });
  const agents = createAgentService(platform, { audit, topics });
  const containers = new Containers(platform, agents, topics);
  const jobs = new Jobs(platform, { audit, topics, agents });
  const keys = new Keys({ db, log, audit, keys: platform.keys, agents });
  const metrics = new Metrics({ db, log, topics, agents: agents.links });
  const terminals = new Terminals({ ...platform, dataDir: platform.env.dataDir, agents, containers, audit });
  const servers = new Servers({ access, db, audit, topics, agents, jobs, terminals });
  const stacks = new Stacks({ audit, db, agents: agents.links, mirror: containers.mirror, topics });
  const registries = new Registries({ db, vault, access, audit, agents });
  const secrets = new Secrets({ db, vault, access, audit, mirror: containers.mirror });
  const images = new Images(db, agents, registries);
  const updates = new Updates({
    db,
    log,
    mandates,
    audit,
    topics,
    agents,
    containers,
    images,
    jobs,
    registries,
    secrets,
    stacks,
  });
  const overview = new Overview({ db, log, topics, metrics, mirror: containers.mirror, updates });
  const install = createInstall(platform);
  const fleet = new Fleet({
    ...platform,
    topics,
    services: { agents, audit, identity, jobs, registries, secrets, stacks, tokens },
  });
  const controlPlane = createControlPlane(frontDoor, platform.env);
  return {
    access,
    agents,
    audit,
    auditTrail,
    containers,
    controlPlane,
    dockerEvents: new DockerEvents(agents.links, topics),
    dockerFiles: new DockerFiles({ agents, audit, db }),
    fleet,
    gitSources: new GitSources({ db, log, vault, mandates, agents, audit, jobs, registries, stacks }),
    groups,
    identity,
    imageBuilds: new ArchiveBuilds({ agents, audit, db, jobs }),
    images,
    install,
    jobs,
    keys,
    logs: new Logs({ agents, audit, containers, db }),
    metrics,
    networks: new Networks({ db, agents }),
    overview,
    registries,
    savedFilters: new SavedFilters({ db, audit }),
    secrets,
    servers,
    terminals,
    stacks,
    tokens,
    topics,
    updates,
    volumes: new Volumes({ db, agents }),
  };
}
