import { fileHashLabel } from '@serverkit/wire/secret-references.ts';
import type {
  ContainerFieldsFragment as AgentContainer,
  StackFieldsFragment,
} from '../generated/agent/graphql.ts';

export type AgentStack = StackFieldsFragment;

const label = (name: string): string => `com.docker.compose.${name}`;

/** The stack that a container says it is of. */
export function projectOf({ labels }: Pick<AgentContainer, 'labels'>): string | undefined {
  return labels.find(({ key }) => key === label('project'))?.value;
}

/** The stacks that containers tell of by the labels Compose gave them: all that is known of a server that is away. */
export function stacksOf(containers: Iterable<AgentContainer>): AgentStack[] {
  const stacks = new Map<string, Map<string, AgentStack['services'][number]['containers']>>();
  for (const container of containers) {
    const labels = new Map(container.labels.map(({ key, value }) => [key, value]));
    const [name, service] = [labels.get(label('project')), labels.get(label('service'))];
    if (!name || !service || /^true$/i.test(labels.get(label('oneoff')) ?? '')) continue;
    const services = stacks.get(name) ?? new Map<string, AgentStack['services'][number]['containers']>();
    stacks.set(name, services);
    const { id, state, status, health, exitCode, image, imageId } = container;
    const number = Number.parseInt(labels.get(label('container-number')) ?? '', 10) || 1;
    const configHash = labels.get(fileHashLabel) ?? labels.get(label('config-hash')) ?? null;
    const seen = {
      id,
      name: container.name,
      number,
      state,
      status,
      health,
      exitCode,
      image,
      imageId,
      configHash,
    };
    const found = services.get(service);
    if (found) found.push(seen);
    else services.set(service, [seen]);
  }
  return [...stacks]
    .map(([name, services]) => ({
      name,
      managed: false,
      folder: null,
      configFiles: [],
      version: null,
      services: [...services]
        .map(([service, found]) => ({
          name: service,
          containers: found.toSorted((a, b) => a.number - b.number),
        }))
        .toSorted((a, b) => a.name.localeCompare(b.name)),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
