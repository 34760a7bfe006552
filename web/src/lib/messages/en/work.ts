import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');
const containers_ = (many: number) => count(many, { one: 'container', other: 'containers' });

/** What is done with a container beyond starting and stopping it. */
export const work = {
  changes: {
    title: 'Changes',
    kinds: { ADDED: 'Added', DELETED: 'Deleted', MODIFIED: 'Changed' },
    more: (shown: number, total: number) =>
      `The first ${formats.number(shown)} of ${formats.number(total)} are shown.`,
    none: 'No files differ',
    noneText: 'Its own files are those of its image. What is in volumes is not counted.',
    search: 'Search files',
    sum: (files: number) =>
      `${count(files, { one: 'file or folder differs', other: 'files and folders differ' })} from the image`,
  },
  commit: {
    action: 'Make the image',
    ask: 'Commit…',
    comment: 'Comment',
    done: (name: string) => `The image ${name} was made.`,
    pause: 'Freeze it meanwhile',
    pauseHint: 'Files that are being written are whole only when nothing writes.',
    reference: 'Name of the image',
    referenceHint: 'name or name:tag',
    text: 'Its files as they are now, without those in volumes, become an image.',
    title: (name: string) => `Make an image of ${name}`,
  },
  duplicate: {
    action: 'Duplicate',
    ask: 'Duplicate…',
    done: (name: string) => `${name} was made.`,
    edit: 'Change everything about it first',
    ports: 'Publish the same ports',
    portsHint: 'Only one that runs can have them.',
    text: 'The same settings under another name. Volumes with a name and folders are shared.',
    title: (name: string) => `Duplicate ${name}`,
  },
  environment: {
    title: 'Environment',
    hide: 'Hide',
    fromSecret: (name: string) => `secret ${name}`,
    masked: 'masked',
    none: 'It has no variables.',
    old: 'This agent is too old to tell the values.',
    reveal: 'Show all values',
    revealText:
      'Passwords and keys among them are shown as they are. The audit log keeps that you asked for them.',
    revealTitle: (name: string) => `Show the secrets of ${name}?`,
    search: 'Search variables',
  },
  exec: {
    action: 'Run',
    ask: 'Run a command…',
    command: 'Command',
    commandHint: "Word by word. For pipes and the like: sh -c '…'",
    ends: {
      ENDED: 'It ended.',
      OUTPUT_LIMIT: 'It said more than 1 MB, and was ended.',
      TIMEOUT: 'It took too long, and was ended.',
    },
    exitCode: (code: number) => `Exit code ${code}`,
    output: 'Output',
    silent: '(nothing)',
    text: 'It runs to its end, without input. For more, open a terminal.',
    timeout: 'Seconds at most',
    title: (name: string) => `Run a command in ${name}`,
  },
  inspect: {
    title: 'Inspect',
    raw: 'JSON',
    search: 'Search keys and values',
    tree: 'Tree',
    view: 'View',
  },
  limits: {
    ask: 'Limits and restart…',
    cannotLift: 'Docker cannot lift a limit of a container that is there. Set another, or make it anew.',
    done: (name: string) => `${name} goes by its new settings.`,
    notUnderstood: 'Not all of it is understood.',
    text: 'They hold at once, without a restart.',
    title: (name: string) => `Limits of ${name}`,
  },
  openPort: (url: string) => `Open ${url}`,
  processes: {
    title: 'Processes',
    search: 'Search processes',
    sum: (many: number) => count(many, { one: 'process', other: 'processes' }),
  },
  prune: {
    done: (many: number, size: string) => `${containers_(many)} removed, ${size} freed.`,
    sum: (many: number, size: string) => `${containers_(many)}, ${size}`,
    text: 'Those that do not run. Their files outside of volumes and their logs are lost.',
    title: 'Clean up containers',
    volumes: 'With their volumes without a name',
  },
  recreate: {
    action: 'Recreate',
    ask: 'Recreate…',
    image: 'Another image',
    imageHint: 'Empty for the newest of the same name.',
    text: 'A new container takes its place, with the same settings and a newer image. If that does not become healthy, this one is put back.',
    title: (name: string) => `Recreate ${name}`,
  },
  refresh: 'Read again',
};
