import './deploy-schema.ts';
import './git-schema.ts';
import './operate-schema.ts';
import './takeover-schema.ts';
import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import {
  StackFilesInput,
  StackFilesType,
  StackPageType,
  StackPlanType,
  StackSecretsType,
  StackType,
  StackVersionType,
} from './stack-type.ts';

const MAX_PAGE = 200;

/** A stack's files hold what its containers are told in confidence: who may deploy it anyway may read them. */
function requireWrite({ scopes }: OperationContext): void {
  if (scopes.has('docker:compose:write')) return;
  throw new AgentError('SCOPE_DENIED', 'The files of a stack take docker:compose:write.');
}

builder.queryField('stacks', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description:
      'By name: Compose projects that have containers, and those of which the agent keeps the files.',
    type: StackPageType,
    args: {
      first: t.arg.int({ required: true, defaultValue: 100, description: `At most ${MAX_PAGE}.` }),
      after: t.arg.string(),
    },
    resolve(_root, { first, after }, { services }) {
      services.policy.requireFeature('docker');
      if (first < 1 || first > MAX_PAGE) {
        throw new AgentError('INPUT_INVALID', `first must be between 1 and ${MAX_PAGE}.`);
      }
      return services.stacks.list(first, after ?? null);
    },
  }),
);

builder.queryField('stack', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description: 'Null when there is no such stack.',
    type: StackType,
    nullable: true,
    args: { name: t.arg.string({ required: true }) },
    resolve(_root, { name }, { services }) {
      services.policy.requireFeature('docker');
      return services.stacks.get(name);
    },
  }),
);

builder.queryField('stackFiles', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description:
      'As they stand on the host, or as they were deployed with a version. Null when the agent does not keep them. Takes docker:compose:write as well.',
    type: StackFilesType,
    nullable: true,
    args: { name: t.arg.string({ required: true }), version: t.arg.int() },
    resolve(_root, { name, version }, context) {
      const { services } = context;
      services.policy.requireFeature('docker');
      requireWrite(context);
      return typeof version === 'number'
        ? services.stacks.version(name, version).files
        : services.stacks.files(name);
    },
  }),
);

builder.queryField('stackVersions', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description: 'Newest first.',
    type: [StackVersionType],
    args: { name: t.arg.string({ required: true }) },
    resolve(_root, { name }, { services }) {
      services.policy.requireFeature('docker');
      return [...services.stacks.versions(name)];
    },
  }),
);

builder.queryField('stackSecrets', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description:
      'Which secrets deploying these files takes, or those of a version; of the newest where neither is said. What cannot be read refers to none. Takes docker:compose:write as well.',
    type: StackSecretsType,
    args: {
      name: t.arg.string({ required: true }),
      files: t.arg({ type: StackFilesInput }),
      version: t.arg.int(),
    },
    resolve(_root, { name, files, version }, context) {
      const { services } = context;
      services.policy.requireFeature('docker');
      requireWrite(context);
      return services.stacks.secrets(name, { files: files ?? null, version: version ?? null });
    },
  }),
);

builder.queryField('stackPlan', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description:
      'What deploying these files would do; nothing is changed. Takes docker:compose:write as well, as it reads files of the stack.',
    type: StackPlanType,
    args: {
      name: t.arg.string({ required: true }),
      files: t.arg({ type: StackFilesInput, required: true }),
    },
    resolve(_root, { name, files }, context) {
      const { services, signal } = context;
      services.policy.requireFeature('docker');
      requireWrite(context);
      services.stacks.enter(name, context);
      return services.stacks.plan(name, files, signal);
    },
  }),
);
