/** What stands for a secret's value where a value is written, in a Compose file as in the form of a container. */
export const referenceTo = (name: string): string => `\${secret:${name}}`;

/** @returns the name where a value is a reference and nothing else */
export const namedBy = (value: string): string | undefined =>
  /^\s*\$\{secret:([^}]+)\}\s*$/.exec(value)?.[1]?.trim();
