/**
 * How it is told that a registry was asked too often: by the agent in a sentence, by Docker and registries in words of their
 * own, which older agents pass on. The control plane leaves such a registry alone for a while.
 */
export const askedTooOften = /toomanyrequests|too many requests|rate limit|\b429\b/i;
