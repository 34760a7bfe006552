import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');

export const groups = {
  title: 'Groups',
  one: 'Group',
  all: 'All servers',
  none: 'Without a group',
  noneAbove: 'None, it stands at the top',
  create: 'New group',
  createInside: 'New group inside',
  createTitle: (parent: string) => (parent === '' ? 'New group' : `New group in ${parent}`),
  created: (name: string) => `Made the group ${name}.`,
  edit: 'Change',
  editTitle: (name: string) => `Change ${name}`,
  changed: (name: string) => `Changed ${name}.`,
  name: 'Name',
  within: 'Lies in',
  colour: 'Colour',
  colours: {
    GREY: 'Grey',
    RED: 'Red',
    ORANGE: 'Orange',
    YELLOW: 'Yellow',
    GREEN: 'Green',
    TEAL: 'Teal',
    BLUE: 'Blue',
    INDIGO: 'Indigo',
    PURPLE: 'Purple',
    PINK: 'Pink',
  },
  icon: 'Icon',
  icons: {
    folder: 'Folder',
    server: 'Server',
    database: 'Database',
    globe: 'Globe',
    cloud: 'Cloud',
    'building-2': 'Building',
    house: 'House',
    'map-pin': 'Place',
    box: 'Box',
    'code-xml': 'Code',
    'flask-conical': 'Flask',
    rocket: 'Rocket',
    shield: 'Shield',
    star: 'Star',
  },
  delete: 'Delete',
  deleteTitle: (name: string) => `Delete the group ${name}?`,
  deleteText:
    'Its servers and the groups in it go to the group above. Access that was given on this group ends. No server is touched.',
  deleted: (name: string) => `Deleted the group ${name}.`,
  access: 'Access',
  servers: (servers: number) => count(servers, { one: 'server', other: 'servers' }),
};

export const savedFilters = {
  title: 'Saved filters',
  save: 'Save this filter',
  name: 'Name',
  nameHint: 'Yours on every browser, and nobody else’s. The same name again replaces it.',
  delete: (name: string) => `Forget ${name}`,
  saved: (name: string) => `Saved ${name}.`,
};

export const bulk = {
  title: 'What was chosen',
  chosen: (chosen: number) => `${formats.number(chosen)} chosen`,
  move: 'Move',
  moveTitle: (chosen: number) => `Move ${count(chosen, { one: 'server', other: 'servers' })}`,
  moveText: 'Access that was given on a group follows at once.',
  tag: 'Tags',
  tagTitle: (chosen: number) => `Tags of ${count(chosen, { one: 'server', other: 'servers' })}`,
  tagAdd: 'Put on',
  tagRemove: 'Take off',
  maintain: 'Begin maintenance',
  resume: 'End maintenance',
  restartAgents: 'Restart agents',
  delete: 'Delete',
  deleteTitle: (chosen: number) => `Delete ${count(chosen, { one: 'server', other: 'servers' })}?`,
  removeTitle: (chosen: number) => `Remove ${count(chosen, { one: 'container', other: 'containers' })}?`,
  removeText: 'What was written inside them is lost. Named volumes stay.',
  removeRunning: 'Also those that are running',
  removeVolumes: 'With their anonymous volumes',
  done: (done: number) => `Done for ${formats.number(done)}.`,
  resultTitle: (failed: number, all: number) =>
    failed === all
      ? 'Nothing could be done'
      : `Not done for ${formats.number(failed)} of ${formats.number(all)}`,
  resultText: 'How each ended, those first that did not succeed.',
  resultOk: 'Done',
  resultFailed: 'Not done',
  onServer: (server: string) => `on ${server}`,
};
