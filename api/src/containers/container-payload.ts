import * as z from 'zod';
import { builder } from '../builder.ts';
import { containerReference } from '../input-text.ts';
import type { SeenContainer } from './service.ts';
import { ContainerType } from './types.ts';

export const ContainerPayload = builder
  .objectRef<{ readonly container: SeenContainer }>('ContainerPayload')
  .implement({
    access: 'inherited',
    description: 'A container after a command.',
    fields: (t) => ({
      container: t.field({
        type: ContainerType,
        description: 'As it is now.',
        resolve: ({ container }) => container,
      }),
    }),
  });

/** Docker's own rule for container names (moby/daemon/names). */
export const containerName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/,
    'must be 2 to 128 letters, digits, dots, dashes or underscores',
  );

/** The fields of an input that is about one container. */
export function targetFields(t: Parameters<Parameters<typeof builder.inputType>[1]['fields'] & object>[0]) {
  return {
    containerId: t.id({ required: true, validate: containerReference }),
    serverId: t.id({ required: true }),
  };
}
