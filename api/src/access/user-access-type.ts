import { builder } from '../builder.ts';

export const UserAccess = builder.enumType('UserAccess', {
  description: 'Where the scopes of a role are held.',
  values: {
    ALL: { value: 'all', description: 'On every server, and for what is no server.' },
    GRANTED: { value: 'granted', description: 'On the servers and groups of the grants alone.' },
  } as const,
});
