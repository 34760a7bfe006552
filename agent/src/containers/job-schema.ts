import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { looksSecret } from '../docker/secret-values.ts';
import { object, text } from '../docker/json.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { pullImage, type RegistryAuth } from '../images/pull.ts';
import { checkReference, RegistryAuthInput } from '../images/pull-schema.ts';
import type { JobHandle } from '../jobs/job.ts';
import { JobType } from '../jobs/job-type.ts';
import { scoped } from '../scoped.ts';
import { admit, create } from './create.ts';
import { keptVariables } from './kept-variables.ts';
import { mayReplace, originOf, recreate } from './recreate.ts';
import type { ContainerSpec } from '@serverkit/wire/container-spec.ts';
import { referencesOf as askedFor } from '@serverkit/wire/secret-references.ts';
import { deliveryOf, referencesOf } from './secrets.ts';
import { ContainerSpecInput, SecretValueInput, secretsText } from './spec-type.ts';
import { inspect, workOf, type Work } from './work.ts';

const Pull = builder.enumType('ImagePullPolicy', {
  values: {
    ALWAYS: {},
    MISSING: { description: 'Where it is not there.' },
    NEVER: {},
  } as const,
});

interface Wanted {
  readonly image: string;
  readonly pull: 'ALWAYS' | 'MISSING' | 'NEVER';
  readonly auths: readonly RegistryAuth[];
}

/** @throws AgentError SCOPE_DENIED when it would have to be pulled and may not be */
async function bring({ image, pull, auths }: Wanted, work: Work, job: JobHandle): Promise<void> {
  const { engine } = work.docker;
  if (pull === 'NEVER') return;
  if (pull === 'MISSING' && (await isThere(work, image))) return;
  if (!work.authority.scopes.has('docker:images:write')) {
    throw new AgentError(
      'SCOPE_DENIED',
      `${image} has to be pulled, which was not authorised with docker:images:write.`,
    );
  }
  job.step(`pulling ${image}`);
  await pullImage(engine, { reference: image, platform: null, auths }, job);
}

async function isThere({ docker: { engine } }: Work, image: string): Promise<boolean> {
  try {
    await engine.get(`/images/${encodeURIComponent(image)}/json`);
    return true;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

/** The work of an operation, for as long as its job lives. */
function during(context: OperationContext, job: JobHandle): Work {
  return { ...workOf(context), signal: job.signal };
}

/** What the spec itself says of a variable holds. */
function withVariables<Spec extends Pick<ContainerSpec, 'environment'>>(
  spec: Spec,
  kept: readonly { readonly name: string; readonly value: string }[],
): Spec {
  const own = new Set(spec.environment?.map(({ name }) => name));
  const more = kept.filter(({ name }) => !own.has(name));
  return more.length === 0 ? spec : { ...spec, environment: [...(spec.environment ?? []), ...more] };
}

builder.mutationField('createContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    description:
      'Begins to make a container, and to pull its image where that is not there, which takes docker:images:write besides. Whether it may be made is judged at once. Result: {id, name, imageId, warnings}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      spec: t.arg({ type: ContainerSpecInput, required: true }),
      start: t.arg.boolean({ required: true }),
      pull: t.arg({ type: Pull, required: true }),
      auth: t.arg({ type: RegistryAuthInput }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
      keptFrom: t.arg.id({
        description: 'A container that keptVariables are taken of. Takes docker:containers:exec.',
      }),
      keptVariables: t.arg.stringList({
        description: 'Variables that it has besides, with the values that they have in keptFrom.',
      }),
    },
    async resolve(_root, { spec: asked, keptFrom, keptVariables: names, ...rest }, context) {
      const { jobId, start, pull, auth, secrets: given } = rest;
      const kept = keptFrom ? await keptVariables({ id: keptFrom, names: names ?? [] }, workOf(context)) : [];
      const spec = withVariables(asked, kept);
      const delivery = deliveryOf(askedFor(spec), given ?? []);
      await admit(spec, workOf(context));
      throwIfAborted(context.signal);
      const environment = spec.environment ?? [];
      const secrets = environment.filter(({ name, value }) => looksSecret(name, value));
      return context.services.jobs.start({
        id: jobId,
        kind: 'container.create',
        target: spec.name ?? spec.image,
        scope: 'docker:containers:write',
        actor: context.actor,
        secrets: [
          ...[...secrets, ...kept, ...(given ?? [])].map(({ value }) => value),
          ...(auth ? [auth.password] : []),
        ],
        async run(job) {
          const work = during(context, job);
          await bring({ image: spec.image, pull, auths: auth ? [auth] : [] }, work, job);
          job.step(start ? 'making and starting it' : 'making it');
          // A volume or network that was not there before the pull may be another's by now.
          const request = await admit(spec, work);
          const { container, warnings } = await create(
            request,
            { name: spec.name ?? null, start, delivery },
            work,
          );
          for (const warning of warnings) job.line(warning, 'STDERR');
          return { id: container.id, name: container.name, imageId: container.imageId, warnings };
        },
      });
    },
  }),
);

/** Seconds. */
const MAX_HEALTH_WAIT = 3_600;

builder.mutationField('recreateContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    description:
      'Begins to put a new container with the same settings in the place of one, of what its image stands for now. The old one is put back unless the new one becomes healthy. Result: {id, name, imageId, imageIdBefore}.',
    type: JobType,
    args: {
      jobId: t.arg.id({ required: true }),
      id: t.arg.id({ required: true }),
      image: t.arg.string({
        description:
          'Another release of its image; the name it was made of when null. An image of another name, or one that was not pulled under its name, takes docker:containers:exec.',
      }),
      pull: t.arg({ type: Pull, required: true }),
      healthTimeoutSeconds: t.arg.int({ required: true }),
      auth: t.arg({ type: RegistryAuthInput }),
      secrets: t.arg({ type: [SecretValueInput], description: secretsText }),
    },
    async resolve(_root, { jobId, id, image, pull, healthTimeoutSeconds, auth, secrets: given }, context) {
      const secrets = given ?? [];
      if (healthTimeoutSeconds < 1 || healthTimeoutSeconds > MAX_HEALTH_WAIT) {
        throw new AgentError('INPUT_INVALID', `healthTimeoutSeconds must be from 1 to ${MAX_HEALTH_WAIT}.`);
      }
      if (image !== null && image !== undefined) checkReference(image);
      const { docker } = workOf(context);
      const container = await docker.find(id);
      const inspected = await inspect(docker.engine, container.id);
      // Before anything is pulled or stopped for it.
      deliveryOf(referencesOf(await originOf(docker.engine, inspected)), secrets);
      const wanted = image ?? text(object(inspected['Config'])['Image']);
      mayReplace(text(object(inspected['Config'])['Image']), wanted, context.scopes);
      throwIfAborted(context.signal);
      return context.services.jobs.start({
        id: jobId,
        kind: 'container.recreate',
        target: container.name,
        scope: 'docker:containers:write',
        actor: context.actor,
        secrets: [...secrets.map(({ value }) => value), ...(auth ? [auth.password] : [])],
        async run(job) {
          const work = during(context, job);
          // What has no name but its digest cannot be newer.
          const policy = wanted.startsWith('sha256:') ? 'NEVER' : pull;
          await bring({ image: wanted, pull: policy, auths: auth ? [auth] : [] }, work, job);
          const healthTimeoutMs = healthTimeoutSeconds * 1000;
          const notes = context.services.replacements;
          const options = { image: wanted, healthTimeoutMs, secrets, job: job.id, notes };
          const done = await recreate(container.id, options, work, job);
          const { container: made, ...images } = done;
          return { id: made.id, name: made.name, ...images };
        },
      });
    },
  }),
);
