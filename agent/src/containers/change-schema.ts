import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { ContainerType } from '../docker/container-type.ts';
import { scoped } from '../scoped.ts';
import { commit, update } from './change.ts';
import { exec, execEnds, type ExecResult } from './exec.ts';
import { PruneCandidateType } from './look-schema.ts';
import { prune, type KeptContainer, type PruneOutcome } from './prune.ts';
import { duplicate } from './recreate.ts';
import {
  EnvironmentVariableInput,
  LimitsInput,
  RestartPolicyInput,
  SecretValueInput,
  secretsText,
} from './spec-type.ts';
import { workOf } from './work.ts';

builder.mutationField('updateContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    description: 'Changes limits and restart policy without a restart. What is null stays.',
    type: ContainerType,
    args: {
      id: t.arg.id({ required: true }),
      limits: t.arg({ type: LimitsInput }),
      restartPolicy: t.arg({ type: RestartPolicyInput }),
    },
    resolve: (_root, { id, limits, restartPolicy }, context) =>
      update(id, { limits: limits ?? null, restartPolicy: restartPolicy ?? null }, workOf(context)),
  }),
);

builder.mutationField('duplicateContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    description:
      'Makes another one like it. Volumes with a name and folders are shared, the others are its own.',
    type: ContainerType,
    args: {
      id: t.arg.id({ required: true }),
      name: t.arg.string({ required: true }),
      publishedPorts: t.arg.boolean({ required: true }),
      start: t.arg.boolean({ required: true }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    resolve: (_root, { id, secrets, ...options }, context) =>
      duplicate(id, { ...options, secrets: secrets ?? [] }, workOf(context)),
  }),
);

const Commit = builder.objectRef<{ imageId: string }>('CommittedImage').implement({
  fields: (t) => ({ imageId: t.exposeID('imageId') }),
});

builder.mutationField('commitContainer', (t) =>
  t.field({
    ...scoped('docker:containers:exec'),
    description: 'Makes an image of its files as they are, volumes left out.',
    type: Commit,
    args: {
      id: t.arg.id({ required: true }),
      reference: t.arg.string({ required: true, description: 'name or name:tag.' }),
      comment: t.arg.string(),
      author: t.arg.string(),
      pause: t.arg.boolean({ required: true, description: 'While its files are read.' }),
    },
    async resolve(_root, { id, reference, comment, author, pause }, context) {
      const options = { reference, comment: comment ?? null, author: author ?? null, pause };
      return { imageId: await commit(id, options, workOf(context)) };
    },
  }),
);

const ExecEnd = builder.enumType('ExecEnd', { values: execEnds });

const Exec = builder.objectRef<ExecResult>('ExecResult').implement({
  fields: (t) => ({
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Null when it was ended.' }),
    output: t.exposeString('output', { description: 'Both streams, at most 1 MB.' }),
    end: t.expose('end', { type: ExecEnd }),
  }),
});

/** Seconds. */
const MAX_EXEC = 300;
const MAX_WORDS = 1_000;

builder.mutationField('execInContainer', (t) =>
  t.field({
    ...scoped('docker:containers:exec'),
    description: 'Runs a command to its end, without input. What takes too long or says too much is ended.',
    type: Exec,
    args: {
      id: t.arg.id({ required: true }),
      command: t.arg.stringList({ required: true }),
      user: t.arg.string(),
      workingDir: t.arg.string(),
      environment: t.arg({ type: [EnvironmentVariableInput] }),
      timeoutSeconds: t.arg.int({ required: true, description: `At most ${MAX_EXEC}.` }),
    },
    resolve(_root, { id, command, user, workingDir, environment, timeoutSeconds }, context) {
      if (
        command.length < 1 ||
        command.length > MAX_WORDS ||
        timeoutSeconds < 1 ||
        timeoutSeconds > MAX_EXEC
      ) {
        throw new AgentError(
          'INPUT_INVALID',
          `A command has 1 to ${MAX_WORDS} words, and 1 to ${MAX_EXEC} seconds to end.`,
        );
      }
      const options = {
        command,
        user: user ?? null,
        workingDir: workingDir ?? null,
        environment: environment ?? [],
        timeoutMs: timeoutSeconds * 1000,
      };
      return exec(id, options, workOf(context));
    },
  }),
);

const Kept = builder.objectRef<KeptContainer>('KeptContainer').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name', { description: 'Empty when it is not known any more.' }),
    reason: t.exposeString('reason'),
  }),
});

const Outcome = builder.objectRef<PruneOutcome>('ContainerPruneOutcome').implement({
  fields: (t) => ({
    removed: t.expose('removed', { type: [PruneCandidateType] }),
    kept: t.expose('kept', { type: [Kept] }),
  }),
});

const MAX_PRUNED = 1_000;

builder.mutationField('pruneContainers', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    description: 'Removes those of these that do not run, and no others.',
    type: Outcome,
    args: {
      ids: t.arg.idList({ required: true, description: `At most ${MAX_PRUNED}, of containerPrunePreview.` }),
      removeVolumes: t.arg.boolean({
        required: true,
        description: 'Their anonymous volumes as well. Takes docker:volumes:write besides.',
      }),
    },
    resolve(_root, { ids, removeVolumes }, context) {
      if (ids.length > MAX_PRUNED) throw new AgentError('INPUT_INVALID', `At most ${MAX_PRUNED} at once.`);
      return prune(ids, removeVolumes, workOf(context));
    },
  }),
);
