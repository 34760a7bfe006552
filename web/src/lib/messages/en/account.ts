export const roles = { ADMIN: 'Administrator', OPERATOR: 'Operator', VIEWER: 'Viewer' };

export const signIn = {
  title: 'Sign in',
  text: 'Welcome back.',
  email: 'E-mail address',
  password: 'Password',
  submit: 'Sign in',
};

export const setup = {
  title: 'Set up ServerKit',
  text: 'Make the first administrator. This is done once.',
  code: 'Setup code',
  codeHint: 'Printed in the log of the first start.',
  name: 'Name',
  passwordHint: (least: number) => `At least ${least} characters.`,
  submit: 'Create administrator',
};

export const account = {
  address: 'Address',
  encryption: 'Encryption',
  installation: 'This installation',
  language: 'Language',
  look: 'Appearance',
  lookText: 'Remembered in this browser.',
  noTls: 'none: for this machine only',
  started: 'Running since',
  version: 'Version',
  you: 'You',
};

export const sessions = {
  current: 'this browser',
  revoke: 'End session',
  revokeText: (browser: string, address: string) => `${browser} at ${address} is signed out at once.`,
  revokeTitle: 'End this session?',
  revoked: 'The session was ended.',
  since: (date: string) => `since ${date}`,
  title: 'Sessions',
  text: 'Browsers that are signed in as you. End those you do not know.',
  unknown: 'Unknown browser',
  used: 'used',
};
