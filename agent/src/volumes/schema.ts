import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { LabelInput } from '../docker/label-input.ts';
import { asObject } from '../docker/labels.ts';
import { namedPage } from '../docker/pages.ts';
import { allow } from '../docker/privilege/guard.ts';
import { volumeProblem } from '../docker/privilege/mounts.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import {
  PrunedVolumesType,
  UnusedVolumesType,
  VolumePageType,
  VolumeSizesType,
  VolumeType,
} from './volume-type.ts';
import type { NewVolume } from './volume.ts';
import { volumesOf, type Volumes } from './volumes.ts';

const MAX_PAGE = 500;
/** A prune names what it removes. */
const MAX_PRUNED = 1000;
/** The engine's own rule (moby, volume/names). */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;

function volumes({ services }: OperationContext): Volumes {
  services.policy.requireFeature('docker');
  return volumesOf(services.docker.engine);
}

builder.queryField('volumes', (t) =>
  t.field({
    ...scoped('docker:volumes:read'),
    description: 'By name.',
    type: VolumePageType,
    args: {
      first: t.arg.int({ required: true, defaultValue: 200, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    async resolve(_root, { first, after }, context) {
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return namedPage(await volumes(context).list(), first, after ?? null);
    },
  }),
);

builder.queryField('volume', (t) =>
  t.field({
    ...scoped('docker:volumes:read'),
    description: 'Null when there is no such volume.',
    type: VolumeType,
    nullable: true,
    args: { name: t.arg.string({ required: true }) },
    resolve: (_root, { name }, context) => volumes(context).find(name),
  }),
);

builder.queryField('volumeSizes', (t) =>
  t.field({
    ...scoped('docker:volumes:read'),
    description: 'As `docker system df` measures, at most once a minute. May take long.',
    type: VolumeSizesType,
    resolve: (_root, _args, context) => volumes(context).sizes(),
  }),
);

builder.queryField('unusedVolumes', (t) =>
  t.field({
    ...scoped('docker:volumes:read'),
    description: 'What no container uses, not even a stopped one, with sizes measured now.',
    type: UnusedVolumesType,
    args: {
      named: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Those that somebody named as well.',
      }),
    },
    async resolve(_root, { named }, context) {
      const at = Date.now();
      return { items: await volumes(context).unused(named), at };
    },
  }),
);

builder.mutationField('createVolume', (t) =>
  t.field({
    ...scoped('docker:volumes:write'),
    description:
      'Takes docker:containers:privileged as well for another driver than local, and for options that mount something.',
    type: VolumeType,
    args: {
      name: t.arg.string({ required: true, description: "Empty for one of the engine's choice." }),
      driver: t.arg.string({ required: true, defaultValue: 'local' }),
      options: t.arg({ type: [LabelInput], required: true }),
      labels: t.arg({ type: [LabelInput], required: true }),
    },
    resolve(_root, given, context) {
      if (given.name !== '' && !volumeName.test(given.name)) {
        throw new AgentError(
          'INPUT_INVALID',
          'A name has 2 to 255 letters, digits, "_", "." or "-", and begins with a letter or digit.',
        );
      }
      requirePrivilege(given, context);
      return volumes(context).create(given, context.signal);
    },
  }),
);

/** @throws AgentError PRIVILEGE_NEEDED or POLICY_DENIED */
function requirePrivilege({ driver, options }: NewVolume, { scopes, services }: OperationContext): void {
  const why = volumeProblem(driver, asObject(options));
  const outside = why === undefined ? [] : [{ option: 'it', why }];
  const paths = options.map(({ value }) => value).filter((value) => value.startsWith('/'));
  const authority = { scopes, deniesPath: (path: string) => services.policy.deniesPath(path) };
  allow({ outside, paths }, authority, 'Creating this volume');
}

const Removed = builder.objectRef<{ name: string }>('RemovedVolume').implement({
  fields: (t) => ({ name: t.exposeString('name') }),
});

builder.mutationField('removeVolume', (t) =>
  t.field({
    ...scoped('docker:volumes:write'),
    description: 'With all its files. One that is in use is a CONFLICT.',
    type: Removed,
    args: { name: t.arg.string({ required: true }) },
    async resolve(_root, { name }, context) {
      await volumes(context).remove(name, context.signal);
      return { name };
    },
  }),
);

builder.mutationField('pruneVolumes', (t) =>
  t.field({
    ...scoped('docker:volumes:write'),
    description:
      'Removes those of the named volumes that nothing uses, and that were there when they were shown.',
    type: PrunedVolumesType,
    args: {
      names: t.arg.stringList({ required: true, description: `At most ${MAX_PRUNED}.` }),
      shownAt: t.arg({ type: 'SafeInt', required: true, description: '`at` of unusedVolumes.' }),
    },
    resolve(_root, { names, shownAt }, context) {
      if (names.length > MAX_PRUNED) {
        throw new AgentError('INPUT_INVALID', `At most ${MAX_PRUNED} volumes at once.`);
      }
      return volumes(context).prune(names, shownAt, context.signal);
    },
  }),
);
