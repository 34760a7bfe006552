import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { authorityOf, beginStackJob, patienceOf, secretsIn } from './begin.ts';
import type { PlacedFiles } from './place.ts';
import { StackFilesType } from './stack-type.ts';

const Source = builder.objectRef<PlacedFiles>('StackSource').implement({
  description: 'Files of a stack, wherever on this host they are.',
  fields: (t) => ({
    folder: t.string({ resolve: ({ place }) => place.folder }),
    file: t.string({ description: 'Name of its Compose file.', resolve: ({ place }) => place.file }),
    files: t.expose('files', { type: StackFilesType }),
  }),
});

const pathText =
  'Absolute, of a Compose file or the folder it is in. Null for where Compose noted it when it made the containers.';

builder.queryField('stackSource', (t) =>
  t.field({
    ...scoped('docker:compose:read'),
    description:
      'The files of a stack that was made elsewhere, or of one to be made from files that lie on this host. Takes docker:compose:write and docker:containers:privileged as well.',
    type: Source,
    args: { name: t.arg.string({ required: true }), path: t.arg.string({ description: pathText }) },
    resolve(_root, { name, path }, context) {
      const { services, scopes } = context;
      services.policy.requireFeature('docker');
      if (!scopes.has('docker:compose:write')) {
        throw new AgentError('SCOPE_DENIED', 'The files of a stack take docker:compose:write.');
      }
      return services.stacks.source({ name, path: path ?? null, authority: authorityOf(context) });
    },
  }),
);

builder.mutationField('takeOverStack', (t) =>
  t.field({
    ...scoped('docker:compose:write'),
    description:
      'Begins to keep versions of a stack whose files stay where they are: one that was made elsewhere, whose containers are left alone, or one that is deployed from files that lie on this host. Takes docker:containers:privileged as well. Result: {version}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      path: t.arg.string({ description: pathText }),
      timeoutSeconds: t.arg.int({ required: true, description: 'For all of it to be up.' }),
    },
    async resolve(_root, { path, timeoutSeconds, ...wanted }, context) {
      const { services, actor } = context;
      services.policy.requireFeature('docker');
      const authority = authorityOf(context);
      const { name } = wanted;
      const options = { name, actor, authority, timeoutMs: patienceOf(timeoutSeconds) };
      const source = await services.stacks.source({ name, path: path ?? null, authority });
      return beginStackJob('stack.takeover', wanted, context, {
        secrets: secretsIn(source.files),
        run: (job) => services.stacks.takeOver({ ...options, source }, job),
      });
    },
  }),
);
