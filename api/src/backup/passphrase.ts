/** Short enough to remember, too long to try: each try costs what api/src/backup/archive/header.ts says. Characters. */
export const minPassphraseLength = 12;
