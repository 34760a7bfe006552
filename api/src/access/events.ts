import { Topic } from '../live/topics.ts';

/** Groups, or which servers are in them, changed; whoever listens looks at all of them again. */
export const placesChanged = new Topic<object>({ buffering: { keep: 'latest', key: () => '' } });
