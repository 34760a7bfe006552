/** Height of a server card in pixels; all are alike, so that a long grid can be cut to what is seen. */
export const cardHeight = 96;
