import { counter } from '../count.ts';

const count = counter('en');

export const terminals = {
  about:
    'A shell in the container, for as long as somebody looks at it and a minute beyond. Opening and closing it is on record; what you type is not.',
  another: 'Open another',
  close: 'Close',
  copy: 'Copy what is selected',
  ended: {
    ABANDONED: 'This terminal was closed, as nobody looked at it for a minute.',
    CLOSED: 'This terminal was closed.',
    IDLE: 'This terminal was closed, as nobody typed for too long. How long that is stands in the configuration of the agent.',
    LOST: 'The connection to the shell broke; Docker may have been restarted.',
    STOPPED: 'This terminal ended, as the agent was stopped.',
    UNRECORDED:
      'This terminal was closed: it has to be recorded, and its recording ended. The log of ServerKit says why.',
  },
  exited: (code: number | null) =>
    code === null ? 'The shell has ended.' : `The shell has ended with exit code ${code}.`,
  gone: 'This terminal has ended. Terminals end with the agent, and a minute after the last one left.',
  idleSoon: (time: string) =>
    `Nobody has typed for long: this terminal ends at ${time} unless somebody does.`,
  input: 'Terminal input',
  join: 'Join',
  needs: (scope: string) => `It takes the scope ${scope}, in your account and on this server.`,
  notAllowed: 'You may not open a terminal here',
  notRunning: 'The container does not run',
  open: 'Open terminal',
  openSince: (time: string) => `Open since ${time}`,
  others: 'Open in this container',
  othersOnHost: 'Open on this server',
  paste: 'Paste',
  shell: 'Shell',
  shellAbout:
    "A shell on this server itself, as the account that its agent's configuration names. Who opens, joins and closes it, and when, is on record; what you type is not.",
  shellNeeds: (scope: string) =>
    `It takes the scope ${scope}, in your account, on this server and in the configuration of its agent: serverkit-agent config allow ${scope}. The docs on deployment say how a shell is switched on.`,
  startFirst: 'Start it to open a terminal in it.',
  states: {
    joining: 'Connecting…',
    open: 'Connected',
    waiting: 'The server is out of reach; trying again…',
    ended: 'Ended',
  },
  title: 'Terminal',
  user: 'User',
  userHint: "Name or number; the container's own when empty.",
  viewers: (viewers: number) => count(viewers, { one: 'viewer', other: 'viewers' }),
};
