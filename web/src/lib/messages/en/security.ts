import { counter } from '../count.ts';

const count = counter('en');

/** The second step of signing in. */
export const secondStep = {
  title: 'Second step',
  text: 'Open your authenticator app and enter the code it shows for ServerKit.',
  code: 'Code',
  codeHint: 'Six digits, or one of your recovery codes.',
  submit: 'Continue',
  startOver: 'Sign in as someone else',
};

/** Asking again who is there. */
export const confirmSignIn = {
  title: 'Confirm that it is you',
  text: 'This change is sensitive, and it has been a while since you signed in. It goes on once you have confirmed.',
  submit: 'Confirm',
};

export const oneTimeLink = {
  deadTitle: 'This link does not work',
  deadInvitation:
    'It was used, replaced or revoked, or its 72 hours are over. Ask whoever invited you for another.',
  deadReset:
    'It was used or replaced, or its 24 hours are over. Ask an administrator for another, or sign in if you remember your password.',
  toSignIn: 'To sign-in',
  invitationTitle: 'Join ServerKit',
  invitationText: (email: string) => `You were invited as ${email}. Choose a password to begin.`,
  invitationSubmit: 'Create account',
  resetTitle: 'Choose a new password',
  resetText: (email: string) => `For ${email}.`,
  resetSubmit: 'Set password',
  resetDone: 'The password is set. Sign in with it.',
};

export const password = {
  title: 'Password',
  text: 'Changing it ends your other sessions.',
  current: 'Current password',
  next: 'New password',
  submit: 'Change password',
  changed: 'The password was changed; other sessions were ended.',
};

export const secondFactor = {
  title: 'Second factor',
  text: 'A code of an authenticator app beside the password: a stolen password alone then opens nothing.',
  off: 'Off',
  on: 'On',
  since: 'since',
  codesLeft: (left: number) => `${count(left, { one: 'recovery code', other: 'recovery codes' })} left`,
  turnOn: 'Turn on',
  turnOff: 'Turn off',
  turnOffTitle: 'Turn the second factor off?',
  turnOffText: 'Your password alone opens your account from then on, and the recovery codes stop working.',
  turnedOff: 'The second factor is off.',
  newCodes: 'New recovery codes',
  newCodesTitle: 'Make new recovery codes?',
  newCodesText: 'The ones you have now stop working.',
  setUpTitle: 'Turn the second factor on',
  scan: 'Scan this with an authenticator app, such as Aegis, 2FAS or Google Authenticator.',
  drawn: 'QR code for the authenticator app',
  byHand: 'Or enter this secret by hand:',
  secret: 'the secret',
  code: 'Code that the app shows now',
  codeHint: 'Six digits.',
  confirm: 'Turn on',
  codesTitle: 'Save your recovery codes',
  codesText:
    'Each opens your account once when the app is lost. They are shown here and nowhere else: print them, or keep them in a password manager.',
  codes: 'the recovery codes',
  saveCodes: 'Save as a file',
  kept: 'I have kept them in a safe place',
  done: 'Done',
};
