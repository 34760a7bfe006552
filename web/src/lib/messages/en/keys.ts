import { counter } from '../count.ts';

const count = counter('en');

export const agentKey = {
  title: 'Agent key',
  text: 'What the agent proves itself with. Its private half never leaves the server.',
  fingerprint: 'Fingerprint',
  fingerprintHint: 'The same as serverkit-agent status shows on the server.',
  copy: 'the fingerprint',
  since: 'In use since',
  first: 'the key of the registration',
  pending: 'Another key has been about to take its place since',
  none: 'No agent has joined yet.',
  rotate: 'Replace key',
  rotateTitle: (name: string) => `Replace the key of the agent on ${name}?`,
  rotateText:
    'The agent makes another key and goes over to it; it stays connected, or comes back by itself. The old key is worthless then.',
  rotated: 'The agent has another key.',
};

export const controlKeys = {
  title: 'Keys of this installation',
  text: 'What agents know ServerKit by. Each is announced to them before it is used.',
  current: 'Current',
  next: 'Next',
  recovery: 'Recovery',
  since: 'since',
  behind: (agents: number) =>
    `${count(agents, { one: 'agent has', other: 'agents have' })} not taken over the newest keys yet.`,
  recoveryHere:
    'The private half of the recovery key still lies beside the others: who steals one steals all. Take it away with: npm run recovery-key -- take FILE',
  rotate: 'Change key',
  rotateTitle: 'Sign with the next key from now on?',
  rotateText:
    'Agents come back and take it over; those that are away do when they return. Do this when the current key may have been seen by others, or once a year.',
  leaveBehind: 'Also leave behind agents that are too old to follow',
  leaveBehindHint: 'They must be registered anew.',
  rotated: 'Signing with the next key now.',
};

export const keySchedule = {
  title: 'Agents’ keys',
  text: 'Replaced by themselves, so that a key that was copied unseen ends some day.',
  days: 'Every … days',
  hint: 'A tenth more or less, so that not all are replaced at once. 0 means never.',
};
