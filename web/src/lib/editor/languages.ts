import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import type { Extension } from '@codemirror/state';

/** What Compose reads from .env: names, values, comments. */
const env = StreamLanguage.define({
  name: 'env',
  token(stream) {
    if (stream.sol() && stream.match(/^\s*#.*/)) return 'comment';
    if (stream.sol() && stream.match(/^\s*(export\s+)?[\w.-]+(?=\s*=)/)) return 'propertyName';
    if (stream.match(/^=/)) return 'punctuation';
    if (stream.match(/^\$\{[^}]*\}|^\$\w+/)) return 'keyword';
    if (stream.match(/^[^$=]+/)) return 'string';
    stream.next();
    return 'string';
  },
});

export type Language = 'yaml' | 'env';

export const languageOf = (language: Language): Extension => (language === 'yaml' ? yaml() : env);
