import * as access from './en/access.ts';
import * as account from './en/account.ts';
import * as audit from './en/audit.ts';
import * as containers from './en/containers.ts';
import * as create from './en/create.ts';
import * as docker from './en/docker.ts';
import * as dockerFiles from './en/docker-files.ts';
import * as failures from './en/failures.ts';
import * as frame from './en/frame.ts';
import * as groups from './en/groups.ts';
import * as images from './en/images.ts';
import * as jobs from './en/jobs.ts';
import * as joining from './en/joining.ts';
import * as keys from './en/keys.ts';
import * as people from './en/people.ts';
import * as registries from './en/registries.ts';
import * as security from './en/security.ts';
import * as servers from './en/servers.ts';
import * as stacks from './en/stacks.ts';
import * as terminals from './en/terminals.ts';
import * as tokens from './en/tokens.ts';
import * as work from './en/work.ts';

/** The same shape with every text free: what another language has to fill. */
type Widened<Type> = Type extends string
  ? string
  : Type extends (...input: infer Input) => string
    ? (...input: Input) => string
    : Type extends readonly string[]
      ? readonly string[]
      : { readonly [Key in keyof Type]: Widened<Type[Key]> };

export const en = {
  ...access,
  ...account,
  ...audit,
  ...containers,
  ...create,
  ...docker,
  ...dockerFiles,
  ...failures,
  ...frame,
  ...groups,
  ...images,
  ...jobs,
  ...joining,
  ...keys,
  ...people,
  ...registries,
  ...security,
  ...servers,
  ...stacks,
  ...terminals,
  ...tokens,
  ...work,
};

export type Messages = Widened<typeof en>;
