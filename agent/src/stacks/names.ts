import { AgentError } from '../errors.ts';

/** Compose's own rule for names of projects (compose-go, loader), which keeps them off paths and options as well. */
const stackName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export function isStackName(name: string): boolean {
  return stackName.test(name);
}

/** @throws AgentError INPUT_INVALID */
export function checkStackName(name: string): void {
  if (isStackName(name)) return;
  throw new AgentError(
    'INPUT_INVALID',
    'The name of a stack has at most 63 lower-case letters, digits, "_" or "-", and begins with a letter or digit.',
  );
}
