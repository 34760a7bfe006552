import type { SeenContainer } from '../containers/service.ts';

type AgentContainer = SeenContainer['container'];

/** What stays of a container when it is made anew. */
export interface ContainerIdentity {
  readonly name: string;
  /** Of one that Compose made: project/service/number; else null. */
  readonly compose: string | null;
}

const label = ({ labels }: Pick<AgentContainer, 'labels'>, name: string): string =>
  labels.find(({ key }) => key === `com.docker.compose.${name}`)?.value ?? '';

/**
 * Docker gives every container a new id, and both recreating it and Compose keep its name. Where Compose made it, its place
 * in the project must be the same as well: a name that was given up may come to be another program's.
 */
export function identityOf(container: Pick<AgentContainer, 'name' | 'labels'>): ContainerIdentity {
  const project = label(container, 'project');
  const service = label(container, 'service');
  if (project === '' || service === '') return { name: container.name, compose: null };
  const number = label(container, 'container-number') || '1';
  return { name: container.name, compose: `${project}/${service}/${number}` };
}

/** The Compose project of a container's identity; undefined without one. */
export function projectIn({ compose }: Pick<ContainerIdentity, 'compose'>): string | undefined {
  return compose?.split('/', 1)[0];
}

/** The one of these that an identity means. */
export function followed<Container extends Pick<AgentContainer, 'name' | 'labels'>>(
  { name, compose }: ContainerIdentity,
  containers: Iterable<Container>,
): Container | undefined {
  for (const container of containers) {
    if (container.name === name && identityOf(container).compose === compose) return container;
  }
  return undefined;
}
