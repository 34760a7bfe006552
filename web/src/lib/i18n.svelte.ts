import { createFormats, type Formats } from './format.ts';
import type { EarlyMessages } from './messages/early-en.ts';
import type { LaterMessages } from './messages/en.ts';

export const languages = { en: 'English', fr: 'Français' } as const;
export type Language = keyof typeof languages;
export const languageCodes = ['en', 'fr'] as const satisfies Language[];

type Messages = EarlyMessages & LaterMessages;

const key = 'serverkit.language';

interface Loaders {
  readonly early: () => Promise<EarlyMessages>;
  readonly later: () => Promise<LaterMessages>;
}

const loaders: Record<Language, Loaders> = {
  en: {
    early: () => import('./messages/early-en.ts').then(({ en }) => en),
    later: () => import('./messages/en.ts').then(({ en }) => en),
  },
  fr: {
    early: () => import('./messages/early-fr.ts').then(({ fr }) => fr),
    later: () => import('./messages/fr.ts').then(({ fr }) => fr),
  },
};

/** The reader's own region where it fits the language, so that dates look familiar. */
function localeOf(language: Language): string {
  return navigator.languages.find((locale) => locale.slice(0, 2) === language) ?? language;
}

function remembered(): Language {
  return document.documentElement.lang === 'fr' ? 'fr' : 'en';
}

function loaded<Texts>(texts: Texts | null): Texts {
  if (texts === null) throw new Error('The texts are loaded before anything is shown.');
  return texts;
}

class I18n {
  language = $state<Language>('en');
  #early = $state.raw<EarlyMessages | null>(null);
  #messages = $state.raw<Messages | null>(null);
  #formats = $state.raw<Formats>(createFormats('en'));

  get early(): EarlyMessages {
    return loaded(this.#early);
  }

  get messages(): Messages {
    return loaded(this.#messages);
  }

  get formats(): Formats {
    return this.#formats;
  }

  /**
   * Loads the remembered language; safe to call again.
   *
   * @param later - whether the page needs more than what the first ones say
   */
  async start(later: boolean): Promise<void> {
    if (later ? this.#messages : this.#early) return;
    await this.use(this.#early ? this.language : remembered(), later);
  }

  async use(language: Language, later = true): Promise<void> {
    const { [language]: texts } = loaders;
    const [early, rest] = await Promise.all([texts.early(), later ? texts.later() : undefined]);
    this.#early = early;
    if (rest) this.#messages = { ...early, ...rest };
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

/** The texts in the language on show. What the first pages show, and what is around all pages, uses {@link early}. */
export const t = (): Messages => i18n.messages;
/** Those that are there from the first paint. */
export const early = (): EarlyMessages => i18n.early;
/** Numbers, sizes and times in the language on show. */
export const f = (): Formats => i18n.formats;
