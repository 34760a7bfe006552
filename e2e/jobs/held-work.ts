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

/** A container whose image does not come. */
export async function heldCreation(rig: JobRig, hub: Registry): Promise<HeldWork> {
  const name = uniqueName('sk-held');
  const image = await freshImage();
  const reference = await hub.push(image, `held/${name}:1`);
  await docker('rmi', image);
  const release = hub.hold();
  const spec = { name, image: reference, command: ['sleep', '1000'], networks: [{ name: 'none' }] };
  const id = await begun(rig, 'createContainer', 'CreateContainerInput', { spec });
  await eventually(() => hub.downloads > 0, 'a download to be open', patient);
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
      await docker('rm', '--force', container);
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

/** A stack of which one service waits for another. */
export interface HeldStack extends AsyncDisposable {
  readonly name: string;
  readonly input: (greeting: string, baseVersion: number | null) => object;
  /** @returns the id of the job, once Compose waits for the first service */
  deploy(greeting: string, baseVersion: number | null): Promise<string>;
  readonly letGo: () => Promise<void>;
  /** What the containers that run were told, by service. */
  runs(): Promise<Readonly<Record<string, string>>>;
}

export function heldStack(rig: JobRig): HeldStack {
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
    files: { compose: waitingStack(greeting) },
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
