/** What the API asks of a new password, for hints and for the browser's own check. Characters. */
export const passwordLength = { min: 12, max: 256 } as const;
