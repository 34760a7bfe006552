import { builder } from '../builder.ts';
import { scoped } from '../scoped.ts';
import {
  changedFiles,
  environment,
  fileChangeKinds,
  processes,
  secretsIn,
  type FileChange,
  type FileChanges,
  type ProcessTable,
} from './look.ts';
import { pruneCandidates, type PruneCandidate } from './prune.ts';
import { workOf } from './work.ts';

const Row = builder.objectRef<readonly string[]>('ProcessRow').implement({
  fields: (t) => ({ cells: t.stringList({ resolve: (cells) => [...cells] }) }),
});

const Processes = builder.objectRef<ProcessTable>('ProcessTable').implement({
  fields: (t) => ({
    titles: t.exposeStringList('titles'),
    rows: t.field({ type: [Row], resolve: ({ rows }) => [...rows] }),
  }),
});

builder.queryField('containerProcesses', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'What runs in it, numbered as on the host. CONFLICT when it does not run.',
    type: Processes,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => processes(workOf(context), id),
  }),
);

const ChangeKind = builder.enumType('FileChangeKind', { values: fileChangeKinds });

const Change = builder.objectRef<FileChange>('FileChange').implement({
  fields: (t) => ({ path: t.exposeString('path'), kind: t.expose('kind', { type: ChangeKind }) }),
});

const Changes = builder.objectRef<FileChanges>('FileChanges').implement({
  fields: (t) => ({
    total: t.exposeInt('total'),
    items: t.expose('items', { type: [Change], description: 'By path, 10,000 at most.' }),
  }),
});

builder.queryField('containerFileChanges', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Files that differ from those of its image.',
    type: Changes,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => changedFiles(workOf(context), id),
  }),
);

export const PruneCandidateType = builder.objectRef<PruneCandidate>('ContainerPruneCandidate').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    image: t.exposeString('image'),
    bytes: t.expose('bytes', { type: 'SafeInt', description: 'Of its own file system.' }),
    createdAt: t.expose('createdAt', { type: 'SafeInt' }),
  }),
});

builder.queryField('containerPrunePreview', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Everything that does not run, with what it frees.',
    type: [PruneCandidateType],
    resolve: (_root, _args, context) => pruneCandidates(workOf(context)),
  }),
);

builder.queryField('containerSecrets', (t) =>
  t.field({
    ...scoped('docker:containers:read'),
    description: 'Names of the secrets that it was given: those that recreating and duplicating it take.',
    type: ['String'],
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) => [...(await secretsIn(workOf(context), id))],
  }),
);

const Revealed = builder.objectRef<{ name: string; value: string }>('RevealedVariable').implement({
  fields: (t) => ({ name: t.exposeString('name'), value: t.exposeString('value') }),
});

builder.mutationField('revealContainerEnvironment', (t) =>
  t.field({
    ...scoped('docker:containers:exec'),
    description:
      'Every variable with its value, but those that came from secrets. A mutation, so that asking is on record; whoever may run commands in it can read them anyway.',
    type: [Revealed],
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => environment(workOf(context), id),
  }),
);
