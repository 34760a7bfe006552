import { createFormats } from '../../format.ts';

const formats = createFormats('en');

export const common = {
  actions: 'Actions',
  actionsFor: (name: string) => `Actions for ${name}`,
  back: 'Back',
  cancel: 'Cancel',
  clear: 'Clear',
  clearFilters: 'Clear filters',
  close: 'Close',
  columns: 'Columns',
  continue: 'Continue',
  copied: 'Copied',
  copy: 'Copy',
  copyFailed: 'The browser did not allow copying. Select the text and copy it by hand.',
  copyWhat: (what: string) => `Copy ${what}`,
  done: 'done',
  loading: 'Loading',
  messages: 'Messages',
  more: 'Show more',
  noMatch: 'Nothing matches',
  refresh: 'Refresh',
  remove: (what: string) => `Remove ${what}`,
  save: 'Save',
  saved: 'Saved.',
  select: (what: string) => `Select ${what}`,
  selectAll: 'Select all',
  sortBy: 'Sort by',
  tryAgain: 'Try again',
  view: 'View',
};

export const nav = {
  account: 'Profile',
  audit: 'Audit',
  breadcrumb: 'Where you are',
  containers: 'Containers',
  events: 'Events',
  images: 'Images',
  networks: 'Networks',
  volumes: 'Volumes',
  jobs: 'Jobs',
  logs: 'Logs',
  main: 'Main navigation',
  open: 'Open navigation',
  overview: 'Overview',
  servers: 'Servers',
  security: 'Security',
  stacks: 'Stacks',
  settings: 'Settings',
  signOut: 'Sign out',
  skip: 'Skip to content',
  user: 'Your account',
  version: (version: string) => `Version ${version}`,
};

export const live = {
  up: 'Live',
  down: 'Reconnecting',
  starting: 'Connecting',
  lost: (since: string) =>
    `No connection to ServerKit since ${since}. What you see is from then; it comes back by itself.`,
  tryNow: 'Try now',
  upHint: 'Live: what you see moves by itself. Click to reconnect.',
  downHint: 'The connection is gone; what you see stands still. Click to try now.',
  reconnect: 'Reconnect',
};

export const theme = { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' };

export const palette = {
  createContainer: 'Create container',
  open: 'Search and commands',
  hint: 'Search…',
  placeholder: 'Go to a server, container or page…',
  found: 'Matches',
  pages: 'Pages',
  actions: 'Actions',
  dark: 'Switch to the dark theme',
  light: 'Switch to the light theme',
};

export const shortcuts = {
  title: 'Keyboard shortcuts',
  search: 'Search on this page',
  goTo: (page: string) => `Go to ${page}`,
  close: 'Close what is open',
};

export const fault = {
  title: 'This page could not be opened',
  text: 'Something went wrong. Try again in a moment.',
  notFoundTitle: 'There is no such page',
  notFoundText: 'The address may be mistyped, or what it named is gone.',
};

export const first = {
  title: 'What you can do next',
  watch: 'Watch this machine',
  watchText: (name: string) => `CPU, memory, disk and network of ${name}, second by second.`,
  containers: 'Look at its containers',
  containersText: 'Start, stop and restart them, and follow their logs.',
  add: 'Add another server',
  addText: 'Paste one line into its shell; it shows up here by itself.',
};

export const overview = {
  summary: 'Summary',
  health: 'Server health',
  online: 'Online',
  ofTotal: (total: number) => `of ${formats.number(total)}`,
  offline: 'Offline',
  containers: 'Containers',
  running: (total: number) => `of ${formats.number(total)} running`,
  problems: 'Problems',
  newer: 'Newer images',
  newerApplied: (at: string) => `Applied from ${at}`,
  noProblems: 'Nothing is wrong.',
  moreProblems: (more: number) => `and ${formats.number(more)} more`,
  meanCpu: 'Mean CPU',
  meanMemory: 'Mean memory',
};
