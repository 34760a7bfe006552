import * as audit from './fr/audit.ts';
import * as containers from './fr/containers.ts';
import * as create from './fr/create.ts';
import * as docker from './fr/docker.ts';
import * as dockerFiles from './fr/docker-files.ts';
import * as git from './fr/git.ts';
import * as groups from './fr/groups.ts';
import * as images from './fr/images.ts';
import * as jobs from './fr/jobs.ts';
import * as joining from './fr/joining.ts';
import * as keys from './fr/keys.ts';
import * as many from './fr/many.ts';
import * as people from './fr/people.ts';
import * as recordings from './fr/recordings.ts';
import * as registries from './fr/registries.ts';
import * as secrets from './fr/secrets.ts';
import * as stacks from './fr/stacks.ts';
import * as terminals from './fr/terminals.ts';
import * as tokens from './fr/tokens.ts';
import * as updates from './fr/updates.ts';
import * as work from './fr/work.ts';
import type { LaterMessages } from './en.ts';

export const fr: LaterMessages = {
  ...audit,
  ...containers,
  ...create,
  ...docker,
  ...dockerFiles,
  ...git,
  ...groups,
  ...images,
  ...jobs,
  ...joining,
  ...keys,
  ...many,
  ...people,
  ...recordings,
  ...registries,
  ...secrets,
  ...stacks,
  ...terminals,
  ...tokens,
  ...updates,
  ...work,
};
