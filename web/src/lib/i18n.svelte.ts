import { createFormats, type Formats } from './format.ts';
import type { Messages } from './messages/en.ts';

export const languages = { en: 'English', fr: 'Français' } as const;
export type Language = keyof typeof languages;
export const languageCodes = ['en', 'fr'] as const satisfies Language[];

const key = 'serverkit.language';

const loaders: Record<Language, () => Promise<Messages>> = {
  en: () => import('./messages/en.ts').then(({ en }) => en),
  fr: () => import('./messages/fr.ts').then(({ fr }) => fr),
};

/** The reader's own region where it fits the language, so that dates look familiar. */
function localeOf(language: Language): string {
  return navigator.languages.find((locale) => locale.slice(0, 2) === language) ?? language;
}

function remembered(): Language {
  return document.documentElement.lang === 'fr' ? 'fr' : 'en';
}

class I18n {
  language = $state<Language>('en');
  #messages = $state.raw<Messages | null>(null);
  #formats = $state.raw<Formats>(createFormats('en'));

  get messages(): Messages {
    if (!this.#messages) throw new Error('The texts are loaded before anything is shown.');
    return this.#messages;
  }

  get formats(): Formats {
    return this.#formats;
  }

  /** Loads the remembered language; safe to call again. */
  async start(): Promise<void> {
    if (!this.#messages) await this.use(remembered());
  }

  async use(language: Language): Promise<void> {
    this.#messages = await loaders[language]();
    this.#formats = createFormats(localeOf(language));
    this.language = language;
    document.documentElement.lang = language;
  }

  async choose(language: Language): Promise<void> {
    await this.use(language);
    localStorage.setItem(key, language);
  }
}

export const i18n = new I18n();

/** The texts in the language on show. */
export const t = (): Messages => i18n.messages;
/** Numbers, sizes and times in the language on show. */
export const f = (): Formats => i18n.formats;
