/** Most logs in one view: what the API merges at once. */
export const sourcesAtMost = 16;
