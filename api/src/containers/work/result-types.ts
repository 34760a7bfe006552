import { builder } from '../../builder.ts';
import type {
  ExecResult,
  FileChanges,
  ProcessTable,
  PruneCandidate,
  PruneOutcome,
  RevealedVariable,
} from './service.ts';

const Row = builder.objectRef<ProcessTable['rows'][number]>('ProcessRow').implement({
  access: 'inherited',
  description: 'One process.',
  fields: (t) => ({ cells: t.exposeStringList('cells', { description: 'One for each title.' }) }),
});

export const ProcessTableType = builder.objectRef<ProcessTable>('ProcessTable').implement({
  access: 'inherited',
  description: 'What runs in a container, numbered as on the host.',
  fields: (t) => ({
    rows: t.field({ type: [Row], description: 'One for each process.', resolve: ({ rows }) => rows }),
    titles: t.exposeStringList('titles', {
      description: 'USER, PID, PPID, %CPU, %MEM, ELAPSED and COMMAND.',
    }),
  }),
});

const ChangeKind = builder.enumType('FileChangeKind', {
  description: 'What became of a file.',
  values: {
    ADDED: { description: 'The image has none.' },
    DELETED: { description: 'The image has one.' },
    MODIFIED: { description: 'It differs from that of the image; or what is in the folder does.' },
  } as const,
});

const Change = builder.objectRef<FileChanges['items'][number]>('FileChange').implement({
  access: 'inherited',
  description: 'A file or folder that differs from that of the image.',
  fields: (t) => ({
    kind: t.field({ type: ChangeKind, description: 'In what way.', resolve: ({ kind }) => kind }),
    path: t.exposeString('path', { description: 'Inside the container.' }),
  }),
});

export const FileChangesType = builder.objectRef<FileChanges>('FileChanges').implement({
  access: 'inherited',
  description: 'How the files of a container differ from those of its image.',
  fields: (t) => ({
    items: t.field({
      type: [Change],
      description: 'By path, 10,000 at most.',
      resolve: ({ items }) => items,
    }),
    total: t.exposeInt('total', { description: 'How many there are.' }),
  }),
});

export const PrunableContainer = builder.objectRef<PruneCandidate>('PrunableContainer').implement({
  access: 'inherited',
  description: 'A container that does not run, and what removing it frees.',
  fields: (t) => ({
    bytes: t.expose('bytes', {
      type: 'SafeInt',
      description: 'What it wrote to its own file system; images and volumes are not counted.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => new Date(createdAt),
    }),
    id: t.exposeID('id', { description: "Docker's id, 64 hexadecimal digits." }),
    image: t.exposeString('image', { description: 'The image as it was named when it was made.' }),
    name: t.exposeString('name', { description: "Its name, without Docker's leading slash." }),
  }),
});

const KeptContainer = builder.objectRef<PruneOutcome['kept'][number]>('KeptContainer').implement({
  access: 'inherited',
  description: 'A container that was named and is not removed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Docker's id." }),
    name: t.exposeString('name', { description: 'Its name; empty when it is not known any more.' }),
    reason: t.exposeString('reason', { description: 'Why, as a sentence in English.' }),
  }),
});

export const PruneContainersPayload = builder.objectRef<PruneOutcome>('PruneContainersPayload').implement({
  access: 'inherited',
  description: 'How a prune of containers ended.',
  fields: (t) => ({
    kept: t.field({ type: [KeptContainer], description: 'Those that stayed.', resolve: ({ kept }) => kept }),
    removed: t.field({
      type: [PrunableContainer],
      description: 'Those that are gone.',
      resolve: ({ removed }) => removed,
    }),
  }),
});

const Revealed = builder.objectRef<RevealedVariable>('RevealedVariable').implement({
  access: 'inherited',
  description: 'An environment variable with its value, whatever it is.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
});

export const RevealContainerEnvironmentPayload = builder
  .objectRef<{ readonly variables: readonly RevealedVariable[] }>('RevealContainerEnvironmentPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      variables: t.field({
        type: [Revealed],
        description: 'All of them, in the order it was given them.',
        resolve: ({ variables }) => [...variables],
      }),
    }),
  });

const ExecEnd = builder.enumType('ExecEnd', {
  description: 'Why a command says nothing more.',
  values: {
    ENDED: { description: 'It ended by itself.' },
    OUTPUT_LIMIT: { description: 'It said more than 1 MB, and was ended.' },
    TIMEOUT: { description: 'It took too long, and was ended.' },
  } as const,
});

export const ExecInContainerPayload = builder.objectRef<ExecResult>('ExecInContainerPayload').implement({
  access: 'inherited',
  fields: (t) => ({
    end: t.field({ type: ExecEnd, description: 'Why there is no more output.', resolve: ({ end }) => end }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Null when it was ended.' }),
    output: t.exposeString('output', {
      description: 'Both streams as they came, at most 1 MB; what is not UTF-8 becomes U+FFFD.',
    }),
  }),
});

export const CommitContainerPayload = builder
  .objectRef<{ readonly imageId: string }>('CommitContainerPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ imageId: t.exposeID('imageId', { description: "Docker's id, sha256:…." }) }),
  });
