import { docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { testImages } from '../../testing/images.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { freshImage, type Registry } from '../../testing/registry.ts';
import type { JobRig } from './rig.ts';

/** Work of an agent that is held up in the middle, by real means, until it is let go. */
export interface HeldWork extends AsyncDisposable {
  /** Of its job. */
  readonly id: string;
  letGo(): Promise<void>;
}

/** For several that begin at once on a busy machine. */
const patient = { limit: 90_000 };
/** What everything waits for. */
const gate = '/let-go';
const untilThere = ['test', '-e', gate];
const open = (container: string): Promise<string> => docker('exec', container, 'touch', gate);

/** Begins a job. @returns its id */
async function begun(rig: JobRig, field: string, type: string, input: object): Promise<string> {
  const document = `mutation ($input: ${type}!) { begun: ${field}(input: $input) { job { id } } }`;
  const { begun: answer } = await rig.admin.query<{ begun: { job: { id: string } } }>(document, {
    input: { serverId: rig.serverId, ...input },
  });
  return answer.job.id;
}

/** A build with an instruction that does not end. */
export async function heldBuild(rig: JobRig): Promise<HeldWork> {
  const tag = `${uniqueName('sk-held')}:1`;
  const dockerfile = `FROM ${testImages.busybox}\nRUN : ${tag}; until [ -e ${gate} ]; do sleep 0.1; done\n`;
  const id = await begun(rig, 'buildImage', 'BuildImageInput', { dockerfile, tag });
  const container = await eventually(
    async () => {
      const lines = (await docker('ps', '--no-trunc', '--format', '{{.ID}} {{.Command}}')).split('\n');
      return lines.find((line) => line.includes(tag))?.split(' ')[0];
    },
    'the instruction to run',
    patient,
  );
  return {
    id,
    letGo: async () => void (await open(container)),
    async [Symbol.asyncDispose]() {
      await docker('rmi', '--force', tag);
    },
  };
}

/** An image that does not get through to its registry. */
export async function heldPush(rig: JobRig, hub: Registry): Promise<HeldWork> {
  const image = await freshImage();
  const repository = `held/${uniqueName('sk-held')}`;
  const reference = `${hub.address}/${repository}:1`;
  await docker('tag', image, reference);
  await docker('rmi', image);
  const release = hub.hold(repository);
  const id = await begun(rig, 'pushImage', 'PushImageInput', { reference });
  await eventually(() => hub.transfers(repository) > 0, 'an upload to be open', patient);
  return {
    id,
    letGo: () => Promise.resolve(release()),
    async [Symbol.asyncDispose]() {
      await docker('rmi', '--force', reference);
    },
  };
}

/** A container whose image does not come. */
export async function heldCreation(rig: JobRig, hub: Registry): Promise<HeldWork> {
  const name = uniqueName('sk-held');
  const image = await freshImage();
  const repository = `held/${name}`;
  const reference = await hub.push(image, `${repository}:1`);
  await docker('rmi', image);
  const release = hub.hold(repository);
  const spec = { name, image: reference, command: ['sleep', '1000'], networks: [{ name: 'none' }] };
  const id = await begun(rig, 'createContainer', 'CreateContainerInput', { spec });
  await eventually(() => hub.transfers(repository) > 0, 'a download to be open', patient);
  return {
    id,
    letGo: () => Promise.resolve(release()),
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', name);
      await docker('rmi', '--force', reference);
    },
  };
}

/** A container that is replaced by one that does not become healthy. */
export async function heldReplacement(rig: JobRig, old: TestContainer): Promise<HeldWork> {
  const id = await begun(rig, 'recreateContainer', 'RecreateContainerInput', {
    containerId: old.id,
    pull: 'NEVER',
    healthTimeoutSeconds: 600,
  });
  const container = await eventually(
    async () => {
      const format = '{{.Id}} {{.State.Running}}';
      const [now = '', running] = (await docker('inspect', '--format', format, old.name)).trim().split(' ');
      return now !== old.id && running === 'true' && now;
    },
    'the new one to run',
    patient,
  );
  return {
    id,
    letGo: async () => void (await open(container)),
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', container).catch((error: unknown) => {
        // It was put back.
        if (!String(error).includes('No such container')) throw error;
      });
    },
  };
}

/** What {@link heldReplacement} may be done with. */
export const checked = [
  '--network',
  'none',
  '--health-cmd',
  untilThere.join(' '),
  '--health-interval',
  '200ms',
  '--health-retries',
  '100000',
];

/** A stack of two services of which the second waits for the first to be healthy. */
export const waitingStack = (greeting: string): string => `services:
  gate:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: ${greeting} }
    network_mode: none
    healthcheck: { test: ${JSON.stringify(['CMD', ...untilThere])}, interval: 200ms, retries: 100000 }
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: ${greeting} }
    network_mode: none
    depends_on: { gate: { condition: service_healthy } }
`;

/** One service, whose new containers do not come up by themselves. */
export const gateAlone = (greeting: string): string => waitingStack(greeting).replace(/ {2}web:[^]*/, '');

/** A stack of which one service waits for another. */
export interface HeldStack extends AsyncDisposable {
  readonly name: string;
  readonly input: (greeting: string, baseVersion: number | null) => object;
  /** @returns the id of the job, once Compose waits for the first service */
  deploy(greeting: string, baseVersion: number | null): Promise<string>;
  readonly letGo: () => Promise<void>;
  /** Has the first service have more containers. @returns the id of the job, once they are there */
  scale(replicas: number): Promise<string>;
  /** How many containers of the first service run. */
  count(): Promise<number>;
  /** What the containers that run were told, by service. */
  runs(): Promise<Readonly<Record<string, string>>>;
}

export function heldStack(rig: JobRig, file: (greeting: string) => string = waitingStack): HeldStack {
  const name = uniqueProject();
  const containers = async (service: string): Promise<string[]> => {
    const labels = [`com.docker.compose.project=${name}`, `com.docker.compose.service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    return (await docker('ps', '--quiet', '--no-trunc', ...filters)).split('\n').filter(Boolean);
  };
  const greetingOf = async (id: string): Promise<string | undefined> =>
    /GREETING=(\w+)/.exec(await docker('inspect', '--format', '{{.Config.Env}}', id))?.[1];
  const input = (greeting: string, baseVersion: number | null): object => ({
    name,
    files: { compose: file(greeting) },
    baseVersion,
    timeoutSeconds: 600,
  });
  return {
    name,
    input,
    async deploy(greeting, baseVersion) {
      const id = await begun(rig, 'deployStack', 'DeployStackInput', input(greeting, baseVersion));
      await eventually(
        async () => {
          const [now] = await containers('gate');
          return now !== undefined && (await greetingOf(now)) === greeting;
        },
        'the first service to run',
        patient,
      );
      return id;
    },
    async scale(replicas) {
      const wanted = { name, service: 'gate', replicas, baseVersion: 1, timeoutSeconds: 600 };
      const id = await begun(rig, 'scaleStack', 'ScaleStackInput', wanted);
      const there = async (): Promise<boolean> => (await containers('gate')).length === replicas;
      await eventually(there, 'the new ones to run', patient);
      return id;
    },
    count: async () => (await containers('gate')).length,
    async letGo() {
      for (const id of await containers('gate')) await open(id);
    },
    async runs() {
      const found: Record<string, string> = {};
      for (const service of ['gate', 'web']) {
        for (const id of await containers(service)) found[service] = (await greetingOf(id)) ?? '';
      }
      return found;
    },
    [Symbol.asyncDispose]: () => removeComposeProject(name),
  };
}

/** A new stack that does not come up. */
export async function heldDeployment(stack: HeldStack): Promise<HeldWork> {
  const id = await stack.deploy('hello', null);
  return { id, letGo: stack.letGo, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

/** A stack that is there, and whose service gets another container that does not come up. */
export async function heldScaling(stack: HeldStack): Promise<HeldWork> {
  return { id: await stack.scale(2), letGo: stack.letGo, [Symbol.asyncDispose]: () => Promise.resolve() };
}

interface Elsewhere {
  readonly image?: string;
  readonly options?: readonly string[];
  readonly script: string;
}

/** One container of a stack that was made elsewhere. @returns its id */
async function elsewhere(
  name: string,
  { image = testImages.busybox, options = [], script }: Elsewhere,
): Promise<string> {
  const labels = [`project=${name}`, 'service=web', 'container-number=1', 'oneoff=False', 'config-hash=0'];
  const marks = labels.flatMap((label) => ['--label', `com.docker.compose.${label}`]);
  return (await docker('create', ...marks, ...options, image, 'sh', '-c', script)).trim();
}

/** Does not end when it is told to, once it is ready for that. */
const stubborn = `trap 'touch /told; until [ -e ${gate} ]; do sleep 0.1; done; exit 0' TERM; touch /ready; while :; do sleep 0.1; done`;

/** Something done to a stack whose container takes its time to end. */
async function heldEnding(rig: JobRig, field: string, type: string): Promise<HeldWork> {
  const name = uniqueProject();
  const container = await elsewhere(name, {
    options: ['--network', 'none', '--stop-timeout', '600'],
    script: stubborn,
  });
  const has = (file: string) => async (): Promise<boolean> => {
    await docker('exec', container, 'test', '-e', file);
    return true;
  };
  await docker('start', container);
  // Told before that, it would never hear of it: nothing tells the first process of a container what it does not await.
  await eventually(has('/ready'), 'it to be ready', patient);
  const id = await begun(rig, field, type, { name });
  await eventually(has('/told'), 'it to be told to end', patient);
  return {
    id,
    letGo: async () => void (await open(container)),
    [Symbol.asyncDispose]: () => removeComposeProject(name),
  };
}

export const heldStop = (rig: JobRig): Promise<HeldWork> => heldEnding(rig, 'stopStack', 'StopStackInput');
export const heldRestart = (rig: JobRig): Promise<HeldWork> =>
  heldEnding(rig, 'restartStack', 'RestartStackInput');
export const heldDown = (rig: JobRig): Promise<HeldWork> => heldEnding(rig, 'downStack', 'DownStackInput');

/** A stack that is started and does not become healthy. */
export async function heldStart(rig: JobRig): Promise<HeldWork> {
  const name = uniqueProject();
  const container = await elsewhere(name, { options: checked, script: 'sleep 1000' });
  const id = await begun(rig, 'startStack', 'StartStackInput', { name, timeoutSeconds: 600 });
  const running = ['inspect', '--format', '{{.State.Running}}', container];
  await eventually(async () => (await docker(...running)).trim() === 'true', 'it to run', patient);
  return {
    id,
    letGo: async () => void (await open(container)),
    [Symbol.asyncDispose]: () => removeComposeProject(name),
  };
}

/** A stack whose newer image does not come. */
export async function heldStackPull(rig: JobRig, hub: Registry): Promise<HeldWork> {
  const name = uniqueProject();
  const repository = `held/${name}`;
  const reference = await hub.push(testImages.busybox, `${repository}:1`);
  await docker('tag', testImages.busybox, reference);
  await elsewhere(name, { image: reference, script: 'true' });
  const image = await freshImage();
  await hub.push(image, `${repository}:1`);
  await docker('tag', testImages.busybox, reference);
  await docker('rmi', image);
  const release = hub.hold(repository);
  const id = await begun(rig, 'pullStack', 'PullStackInput', { name, timeoutSeconds: 600 });
  await eventually(() => hub.transfers(repository) > 0, 'a download to be open', patient);
  return {
    id,
    letGo: () => Promise.resolve(release()),
    async [Symbol.asyncDispose]() {
      await removeComposeProject(name);
      await docker('rmi', '--force', reference);
    },
  };
}
