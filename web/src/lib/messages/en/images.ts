import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('en');
const formats = createFormats('en');
const images_ = (many: number) => count(many, { one: 'image', other: 'images' });

export const images = {
  allTags: (tags: number) => `The image with its ${count(tags, { one: 'tag', other: 'tags' })}`,
  away: 'This server is away',
  awayText: 'Its images are not kept anywhere else. They show as soon as its agent is back.',
  check: 'Look for newer images',
  checkBlocked: 'Not now',
  checked: (newer: number, unknown: number) =>
    [
      newer === 0
        ? 'Nothing newer was found.'
        : `${count(newer, { one: 'tag has', other: 'tags have' })} something newer.`,
      ...(unknown === 0 ? [] : [`Of ${formats.number(unknown)} the registry did not tell.`]),
    ].join(' '),
  checking: 'Asking the registries…',
  created: 'Created',
  current: 'Up to date',
  extent: 'How far',
  extents: { DANGLING: 'Without a tag', UNUSED: 'All unused' },
  facts: {
    author: 'Author',
    command: 'Command',
    comment: 'Comment',
    created: 'Created',
    digests: 'Digests',
    entrypoint: 'Entrypoint',
    environment: 'Environment',
    healthcheck: 'Health check',
    id: 'Id',
    layers: 'Layers',
    platform: 'Platform',
    ports: 'Ports',
    size: 'Size',
    tags: 'Tags',
    user: 'User',
    volumes: 'Volumes',
    workingDir: 'Working directory',
  },
  force: 'Also where stopped containers use it',
  forceHint: 'They stay, and cannot be started anew from this image.',
  kept: (kept: number) => `${images_(kept)} changed meanwhile and stayed.`,
  look: 'Details',
  more: 'More for images',
  name: 'Name',
  newer: 'Newer available',
  newerUnknown: 'Not known',
  newTag: 'New name',
  newTagHint: 'Such as registry.example/team/app:1.2. What has this name now loses it.',
  noMatchText: 'No image fits these filters.',
  none: 'No images',
  noneText: 'They appear here once a server with Docker has pulled or built one.',
  otherTags: (tags: number) => count(tags, { one: 'more tag', other: 'more tags' }),
  pullAgain: 'Pull again',
  prune: 'Clean up…',
  pruned: (removed: number, size: string) => `${images_(removed)} removed, ${size} freed.`,
  pruneNow: 'Remove these',
  pruneSum: (many: number, size: string) => `${images_(many)}, ${size} will be free`,
  pruneText: 'What is listed here is removed, and nothing else. One that is used or named meanwhile stays.',
  pruneTitle: 'Clean up images',
  pushAsk: 'Push…',
  remove: 'Remove',
  removeAsk: 'Remove…',
  removed: (name: string) => `${name} was removed.`,
  removeManyText: 'One that has several tags or is in use stays, and says so.',
  removeManyTitle: (many: number) => `Remove ${images_(many)}?`,
  removeText: (server: string, size: string) =>
    `Up to ${size} on ${server} are freed. It can only come back from a registry or a build.`,
  removeTitle: (name: string) => `Remove ${name}?`,
  search: 'Search images',
  shown: (shown: number, total: number) =>
    shown === total ? images_(total) : `${formats.number(shown)} of ${formats.number(total)}`,
  size: 'Size',
  sort: { newest: 'Newest', name: 'Name', size: 'Largest', server: 'Server' },
  tag: 'Tag',
  tagAsk: 'Tag…',
  tagged: (name: string) => `It is called ${name} as well now.`,
  tagText: 'The image gets a further name; those it has stay.',
  tagTitle: (name: string) => `Tag ${name}`,
  unanswered: (server: string) => `The images of ${server} are missing here.`,
  untagged: (name: string) => `The name ${name} was taken off.`,
  use: 'Used by',
  usedBy: (containers: number) => count(containers, { one: 'container', other: 'containers' }),
  uses: { USED: 'In use', UNUSED: 'Unused', DANGLING: 'Dangling' },
  views: { about: 'About', history: 'History', raw: 'Raw' },
  which: 'What to remove',
};

export const build = {
  archive: 'Archive',
  archiveHint:
    'A tar archive of the folder, plain or compressed with gzip. The build begins once it is sent.',
  ask: 'Build…',
  dockerfile: 'Dockerfile',
  dockerfileHint: 'There are no other files: COPY finds nothing, RUN and ADD from an address do.',
  from: 'What to build from',
  fromArchive: 'From an archive',
  fromText: 'From a text',
  noCache: 'Use nothing that was built before',
  path: 'Dockerfile in the archive',
  pathHint: 'Its path from the top of the archive.',
  pull: 'Look for newer images that it builds on',
  sending: 'Sending the archive',
  submit: 'Build',
  tag: 'Name',
  tagHint: 'Such as team/app:1. What has this name now loses it once the build is done.',
  text: 'It is built on the server in the background; what the build says is shown with the job.',
  title: 'Build an image',
  values: 'Values for ARG',
  valuesHint:
    'NAME=value, one on a line. They stay readable in the history of the image: no place for secrets.',
};

export const push = {
  reference: 'Name',
  submit: 'Push',
  text: 'The name says which registry it goes to. The credentials kept for that registry are used.',
  title: 'Push an image',
};
