import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');

export const jobs = {
  all: 'All states',
  began: 'Began',
  begun: 'It has begun. See how it goes on.',
  by: 'By',
  cancel: 'Cancel the job',
  cancelAsked: 'Asked to end',
  cancelText: 'What is done by then stays as it is.',
  cancelTitle: (what: string) => `Cancel: ${what}?`,
  ended: 'Ended',
  id: 'Job',
  itself: 'ServerKit',
  kind: 'Kind',
  kinds: {
    'container.create': 'Create container',
    'container.recreate': 'Recreate container',
    'fleet.deploy': 'On several servers, deploy',
    'fleet.pull': 'On several servers, pull',
    'image.build': 'Build image',
    'image.pull': 'Pull image',
    'image.push': 'Push image',
    'stack.down': 'Take down stack',
    'stack.pull': 'Pull images of stack',
    'stack.remove': 'Remove stack',
    'stack.restart': 'Restart stack',
    'stack.scale': 'Scale stack',
    'stack.start': 'Start stack',
    'stack.stop': 'Stop stack',
    'stack.takeover': 'Take over stack',
    'stack.deploy': 'Deploy stack',
    'stack.sync': 'Deploy Git stack',
    'stack.restore': 'Roll back stack',
  },
  missing: (lines: number) =>
    `${count(lines, { one: 'older line is', other: 'older lines are' })} not shown.`,
  noLines: 'Nothing has been said yet.',
  noMatchText: 'No job fits these filters.',
  none: 'No jobs yet',
  noneText:
    'Work that takes longer, such as pulling an image, is shown here while it goes on and afterwards.',
  output: 'Output',
  over: (kind: string, target: string, state: string) => `${kind} ${target}: ${state}`,
  partOf: (server: string) => `Job on ${server}`,
  progress: 'Progress',
  server: 'Server',
  show: 'Show',
  state: 'State',
  states: {
    CANCELLED: 'Cancelled',
    FAILED: 'Failed',
    INTERRUPTED: 'Interrupted',
    PENDING: 'Asked for',
    RUNNING: 'Running',
    SUCCEEDED: 'Done',
  },
  targets: 'Servers',
  targetsSum: (state: string, servers: number) => `${state}: ${formats.number(servers)}`,
  targetStates: {
    CANCELLED: 'Cancelled',
    FAILED: 'Failed',
    INTERRUPTED: 'Interrupted',
    RUNNING: 'Running',
    SKIPPED: 'Not begun',
    SUCCEEDED: 'Done',
    WAITING: 'Waiting',
  },
  whole: 'Part of a job on many servers',
};

export const pull = {
  reference: 'Image',
  referenceHint: 'Such as nginx:1.29, or with its registry: registry.example.com/team/web:2',
  submit: 'Pull',
  text: 'Its layers are downloaded in the background; how far they are is shown with the job.',
  title: 'Pull an image',
};
