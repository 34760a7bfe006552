import { isRecord } from '@serverkit/wire/compose-file.ts';
import type { StackService } from './stack.ts';

/** Service by service, those of the same stack that it needs. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * What each service needs: by its labels, which only the second Compose writes, and by the file that was deployed last.
 *
 * @param normalised - services of that file; none for a stack whose file is not known
 */
export function needsOf(
  services: readonly StackService[],
  normalised: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(),
): Needs {
  return new Map(
    services.map(({ name, dependsOn }) => {
      const given = normalised.get(name)?.['depends_on'];
      const named = Array.isArray(given) ? given.map(String) : isRecord(given) ? Object.keys(given) : [];
      return [name, [...new Set([...dependsOn, ...named])]];
    }),
  );
}

/**
 * In which order to start: each step needs only what is in those before it. Whoever needs each other, which Compose
 * refuses but labels may claim, comes last together.
 */
export function stepsOf<Service extends { readonly name: string }>(
  services: readonly Service[],
  needs: Needs,
): Service[][] {
  const steps: Service[][] = [];
  let left = [...services];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const free = left.filter(({ name }) => !(needs.get(name) ?? []).some((need) => waiting.has(need)));
    if (free.length === 0) return [...steps, left];
    steps.push(free);
    left = left.filter((service) => !free.includes(service));
  }
  return steps;
}
