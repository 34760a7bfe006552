import DataLoader from 'dataloader';
import type { RequestContext } from '../context.ts';
import type { Measured, ServerRef, Sparkline } from './service.ts';

interface Loaders {
  readonly latest: DataLoader<ServerRef, Measured | null, string>;
  readonly sparkline: DataLoader<ServerRef, Sparkline, string>;
}

const byContext = new WeakMap<RequestContext, Loaders>();

/** Puts what the servers of one operation ask for into one query each. */
export function loadersOf(context: RequestContext): Loaders {
  let loaders = byContext.get(context);
  if (!loaders) byContext.set(context, (loaders = createLoaders(context)));
  return loaders;
}

function createLoaders({ services: { metrics } }: RequestContext): Loaders {
  const options = { cacheKeyFn: ({ id }: ServerRef) => id };
  return {
    latest: new DataLoader(async (servers) => {
      const found = await metrics.latest(servers);
      return servers.map(({ id }) => found.get(id) ?? null);
    }, options),
    sparkline: new DataLoader(async (servers) => {
      const found = await metrics.sparklines(servers);
      return servers.map(({ id }) => found.get(id) ?? new Error(`no sparkline for ${id}`));
    }, options),
  };
}
