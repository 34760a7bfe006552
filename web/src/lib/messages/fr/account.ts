import type { EarlyMessages } from '../early-en.ts';

export const roles: EarlyMessages['roles'] = {
  ADMIN: 'Administrateur',
  OPERATOR: 'Opérateur',
  VIEWER: 'Lecteur',
};

export const signIn: EarlyMessages['signIn'] = {
  title: 'Connexion',
  text: 'Heureux de vous revoir.',
  email: 'Adresse e-mail',
  password: 'Mot de passe',
  submit: 'Se connecter',
};

export const setup: EarlyMessages['setup'] = {
  title: 'Installer ServerKit',
  text: 'Créez le premier administrateur. Cela ne se fait qu’une fois.',
  code: 'Code d’installation',
  codeHint: 'Affiché dans le journal du premier démarrage.',
  name: 'Nom',
  passwordHint: (least) => `Au moins ${least} caractères.`,
  submit: 'Créer l’administrateur',
};

export const account: EarlyMessages['account'] = {
  address: 'Adresse',
  encryption: 'Chiffrement',
  installation: 'Cette installation',
  language: 'Langue',
  look: 'Apparence',
  lookText: 'Mémorisée dans ce navigateur.',
  noTls: 'aucun : pour cette machine seulement',
  started: 'Actif depuis le',
  version: 'Version',
  you: 'Vous',
};

export const sessions: EarlyMessages['sessions'] = {
  current: 'ce navigateur',
  revoke: 'Mettre fin',
  revokeText: (browser, address) => `${browser} à ${address} est déconnecté aussitôt.`,
  revokeTitle: 'Mettre fin à cette session ?',
  revoked: 'La session est terminée.',
  since: (date) => `depuis le ${date}`,
  title: 'Sessions',
  text: 'Les navigateurs connectés avec votre compte. Mettez fin à ceux que vous ne connaissez pas.',
  unknown: 'Navigateur inconnu',
  used: 'utilisé',
};
