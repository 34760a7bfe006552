import * as audit from './en/audit.ts';
import * as containers from './en/containers.ts';
import * as create from './en/create.ts';
import * as docker from './en/docker.ts';
import * as dockerFiles from './en/docker-files.ts';
import * as git from './en/git.ts';
import * as groups from './en/groups.ts';
import * as images from './en/images.ts';
import * as jobs from './en/jobs.ts';
import * as joining from './en/joining.ts';
import * as keys from './en/keys.ts';
import * as many from './en/many.ts';
import * as people from './en/people.ts';
import * as recordings from './en/recordings.ts';
import * as registries from './en/registries.ts';
import * as secrets from './en/secrets.ts';
import * as stacks from './en/stacks.ts';
import * as terminals from './en/terminals.ts';
import * as tokens from './en/tokens.ts';
import * as updates from './en/updates.ts';
import * as work from './en/work.ts';
import type { Widened } from './types.ts';

/** The texts that come after the first paint: those of every other page. */
export const en = {
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

export type LaterMessages = Widened<typeof en>;
