import type { SeenContainer } from './service.ts';

export interface ContainerFilter {
  readonly labels?: readonly string[] | null | undefined;
  readonly states?: readonly SeenContainer['container']['state'][] | null | undefined;
  readonly text?: string | null | undefined;
}

/** Whether a container is one of those asked for; labels are `key` or `key=value`, and all must be there. */
export function matchesFilter({ container }: SeenContainer, filter: ContainerFilter): boolean {
  const { labels, states, text } = filter;
  if (states?.length && !states.includes(container.state)) return false;
  if (text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const haystack = `${container.name}\n${container.image}\n${container.id}`.toLowerCase();
    if (!words.every((word) => haystack.includes(word))) return false;
  }
  return (labels ?? []).every((wanted) => {
    const at = wanted.indexOf('=');
    const key = at === -1 ? wanted : wanted.slice(0, at);
    return container.labels.some(
      (label) => label.key === key && (at === -1 || label.value === wanted.slice(at + 1)),
    );
  });
}
