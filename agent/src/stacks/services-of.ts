import { isRecord } from './compose-file.ts';

/** The services of a stack, by name. */
export function servicesOf(
  value: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const services = value['services'];
  return new Map(
    Object.entries(isRecord(services) ? services : {}).map(([name, service]) => [
      name,
      isRecord(service) ? service : {},
    ]),
  );
}
