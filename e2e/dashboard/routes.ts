import { readdirSync } from 'node:fs';

/**
 * Every page of the dashboard as SvelteKit finds it on disk, as paths with their parameters: a page added without being
 * looked at fails the walk instead of being forgotten.
 */
export function routesOnDisk(): string[] {
  const root = 'web/src/routes';
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('+page.svelte'))
    .map((file) => `/${file.replace(/\/?\+page\.svelte$/, '')}`)
    .map((path) => path.replaceAll(/\/\([^)]*\)/g, '') || '/')
    .toSorted();
}

/** Puts real ids in the place of parameters. @throws when a parameter has none */
export function fillIn(route: string, parameters: Readonly<Record<string, string>>): string {
  return route.replaceAll(/\[([^\]]+)\]/g, (_all, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`the route ${route} needs a value for ${name}`);
    return value;
  });
}
