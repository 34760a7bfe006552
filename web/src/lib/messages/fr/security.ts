import { counter } from '../count.ts';
import type { EarlyMessages } from '../early-en.ts';

const count = counter('fr');

export const secondStep: EarlyMessages['secondStep'] = {
  title: 'Deuxième étape',
  text: 'Ouvrez votre application d’authentification et saisissez le code affiché pour ServerKit.',
  code: 'Code',
  codeHint: 'Six chiffres, ou l’un de vos codes de secours.',
  submit: 'Continuer',
  startOver: 'Se connecter sous un autre nom',
};

export const confirmSignIn: EarlyMessages['confirmSignIn'] = {
  title: 'Confirmez que c’est bien vous',
  text: 'Ce changement est sensible et votre connexion date un peu. Il se poursuivra une fois confirmé.',
  submit: 'Confirmer',
};

export const oneTimeLink: EarlyMessages['oneTimeLink'] = {
  deadTitle: 'Ce lien ne fonctionne pas',
  deadInvitation:
    'Il a été utilisé, remplacé ou révoqué, ou ses 72 heures sont passées. Demandez-en un autre à la personne qui vous a invité.',
  deadReset:
    'Il a été utilisé ou remplacé, ou ses 24 heures sont passées. Demandez-en un autre à un administrateur, ou connectez-vous si le mot de passe vous revient.',
  toSignIn: 'Vers la connexion',
  invitationTitle: 'Rejoindre ServerKit',
  invitationText: (email) =>
    `Vous êtes invité en tant que ${email}. Choisissez un mot de passe pour commencer.`,
  invitationSubmit: 'Créer le compte',
  resetTitle: 'Choisir un nouveau mot de passe',
  resetText: (email) => `Pour ${email}.`,
  resetSubmit: 'Enregistrer le mot de passe',
  resetDone: 'Le mot de passe est enregistré. Connectez-vous avec.',
};

export const password: EarlyMessages['password'] = {
  title: 'Mot de passe',
  text: 'Le changer met fin à vos autres sessions.',
  current: 'Mot de passe actuel',
  next: 'Nouveau mot de passe',
  submit: 'Changer le mot de passe',
  changed: 'Le mot de passe est changé ; les autres sessions sont terminées.',
};

export const secondFactor: EarlyMessages['secondFactor'] = {
  title: 'Second facteur',
  text: 'Un code d’une application d’authentification en plus du mot de passe : un mot de passe volé n’ouvre alors plus rien à lui seul.',
  off: 'Désactivé',
  on: 'Activé',
  since: 'depuis',
  codesLeft: (left) => count(left, { one: 'code de secours restant', other: 'codes de secours restants' }),
  turnOn: 'Activer',
  turnOff: 'Désactiver',
  turnOffTitle: 'Désactiver le second facteur ?',
  turnOffText:
    'Votre mot de passe suffira alors à ouvrir votre compte et les codes de secours ne serviront plus.',
  turnedOff: 'Le second facteur est désactivé.',
  newCodes: 'Nouveaux codes de secours',
  newCodesTitle: 'Créer de nouveaux codes de secours ?',
  newCodesText: 'Ceux que vous avez ne fonctionneront plus.',
  setUpTitle: 'Activer le second facteur',
  scan: 'Scannez ceci avec une application d’authentification, comme Aegis, 2FAS ou Google Authenticator.',
  drawn: 'QR code pour l’application d’authentification',
  byHand: 'Ou saisissez ce secret à la main :',
  secret: 'le secret',
  code: 'Code affiché maintenant par l’application',
  codeHint: 'Six chiffres.',
  confirm: 'Activer',
  codesTitle: 'Conservez vos codes de secours',
  codesText:
    'Chacun ouvre votre compte une fois si l’application est perdue. Ils ne sont affichés qu’ici : imprimez-les ou gardez-les dans un gestionnaire de mots de passe.',
  codes: 'les codes de secours',
  saveCodes: 'Enregistrer dans un fichier',
  kept: 'Je les ai mis en lieu sûr',
  done: 'Terminé',
};
