import { secretNames } from '@serverkit/wire/secret-references.ts';
import { problemsOf } from '@serverkit/wire/container-rules.ts';
import type { LimitsSpec, RestartPolicySpec } from '@serverkit/wire/container-spec.ts';
import type { Container } from '../docker/container.ts';
import { object, text, type JsonObject } from '../docker/json.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { resources, restartPolicyOf } from './request.ts';
import { originOf } from './recreate.ts';
import { referencesOf } from './secrets.ts';
import { entered, seen, type Work } from './work.ts';

export interface ContainerUpdate {
  readonly limits: LimitsSpec | null;
  readonly restartPolicy: RestartPolicySpec | null;
}

/**
 * Changes limits and restart policy without a restart. What is not named stays.
 *
 * @throws AgentError INPUT_INVALID, CONFLICT, PRIVILEGE_NEEDED, …
 */
export async function update(
  reference: string,
  { limits, restartPolicy }: ContainerUpdate,
  work: Work,
): Promise<Container> {
  const [problem] = problemsOf({ image: 'any', limits, restartPolicy });
  if (problem) throw new AgentError('INPUT_INVALID', `${problem.path.join('.')} ${problem.message}.`);
  if (limits?.shmBytes)
    throw new AgentError('INPUT_INVALID', 'Shared memory cannot be changed in a container that is there.');
  const { container, inspected } = await entered(work, reference, 'Changing');
  throwIfAborted(work.signal);
  await work.docker.engine.call('POST', `/containers/${container.id}/update`, {
    body: {
      ...(limits && { ...resources(limits), ...swapWith(limits, object(inspected['HostConfig'])) }),
      ...(restartPolicy && { RestartPolicy: restartPolicyOf(restartPolicy) }),
    },
  });
  return seen(work, container.id);
}

/** The engine gives as much swap as memory to whoever says nothing of it, and then refuses more memory than both were. */
function swapWith(
  { memoryBytes, memorySwapBytes }: LimitsSpec,
  { Memory: memory, MemorySwap: both }: JsonObject,
): JsonObject {
  const untold = typeof memory === 'number' && memory > 0 && both === 2 * memory;
  return memoryBytes && !memorySwapBytes && untold ? { MemorySwap: 2 * memoryBytes } : {};
}

export interface CommitOptions {
  /** `name` or `name:tag`. */
  readonly reference: string;
  readonly comment: string | null;
  readonly author: string | null;
  /** While its files are read. */
  readonly pause: boolean;
}

/** A layer is as large as what the container wrote. Ms. */
const COMMITTING = 600_000;

/** Makes an image of its files as they are. @returns the image's id @throws AgentError */
export async function commit(reference: string, options: CommitOptions, work: Work): Promise<string> {
  const [, repo, tag = 'latest'] = /^(.+?)(?::([\w][\w.-]{0,127}))?$/.exec(options.reference) ?? [];
  if (!repo || !/^[a-z0-9][a-zA-Z0-9._:/-]{0,254}$/.test(repo)) {
    throw new AgentError('INPUT_INVALID', 'reference must be the name of an image, with a tag or without.');
  }
  // Whoever may name an image decides what others run by that name.
  if (!work.authority.scopes.has('docker:images:write')) {
    throw new AgentError(
      'SCOPE_DENIED',
      'An image is made, which was not authorised with docker:images:write.',
    );
  }
  const { container, inspected } = await entered(work, reference, 'Making an image of');
  if (secretNames(referencesOf(await originOf(work.docker.engine, inspected))).length > 0) {
    throw new AgentError(
      'CONFLICT',
      `${container.name} was given secrets, which whoever has the image could read. Make one without them.`,
    );
  }
  throwIfAborted(work.signal);
  const { comment, author, pause } = options;
  const reply = await work.docker.engine.call('POST', '/commit', {
    query: {
      container: container.id,
      repo,
      tag,
      comment: comment ?? undefined,
      author: author ?? undefined,
      pause,
    },
    body: {},
    extraMs: COMMITTING,
  });
  return text(object(reply)['Id']);
}
