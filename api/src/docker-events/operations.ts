import { graphql } from '../generated/agent/index.ts';

export const EngineEventsDocument = graphql(`
  subscription EngineEvents {
    engineEvents {
      missed
      events {
        key
        type
        action
        id
        name
        at
        details {
          key
          value
        }
      }
    }
  }
`);
