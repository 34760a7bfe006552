import * as z from 'zod';

/** Docker's own rule for the names of volumes (moby/volume/names). */
export const volumeName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/,
    'must be 2 to 255 letters, digits, dots, dashes or underscores, and begin with a letter or digit',
  );
