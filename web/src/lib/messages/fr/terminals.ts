import { counter } from '../count.ts';
import type { LaterMessages } from '../en.ts';

const count = counter('fr');

export const terminals: LaterMessages['terminals'] = {
  about:
    'Un shell dans le conteneur, tant que quelqu’un le regarde et une minute au-delà. Son ouverture et sa fermeture sont journalisées ; ce que vous tapez ne l’est pas.',
  another: 'En ouvrir un autre',
  close: 'Fermer',
  copy: 'Copier la sélection',
  ended: {
    ABANDONED: 'Ce terminal a été fermé : personne ne le regardait depuis une minute.',
    CLOSED: 'Ce terminal a été fermé.',
    IDLE: 'Ce terminal a été fermé : personne n’y a tapé depuis trop longtemps. La durée figure dans la configuration de l’agent.',
    LOST: 'La connexion au shell est rompue ; Docker a peut-être redémarré.',
    STOPPED: 'Ce terminal a pris fin avec l’arrêt de l’agent.',
    UNRECORDED:
      'Ce terminal a été fermé : il doit être enregistré et son enregistrement s’est arrêté. Le journal de ServerKit en dit la raison.',
  },
  exited: (code) => (code === null ? 'Le shell a pris fin.' : `Le shell a pris fin avec le code ${code}.`),
  gone: 'Ce terminal a pris fin. Un terminal prend fin avec l’agent, et une minute après le départ du dernier spectateur.',
  idleSoon: (time) =>
    `Personne n’a tapé depuis longtemps : ce terminal prendra fin à ${time}, sauf si quelqu’un y tape.`,
  input: 'Saisie du terminal',
  join: 'Rejoindre',
  needs: (scope) => `Il faut le droit ${scope}, pour votre compte et sur ce serveur.`,
  notAllowed: 'Vous ne pouvez pas ouvrir de terminal ici',
  notRunning: 'Le conteneur est arrêté',
  open: 'Ouvrir un terminal',
  openSince: (time) => `Ouvert depuis ${time}`,
  others: 'Ouverts dans ce conteneur',
  othersOnHost: 'Ouverts sur ce serveur',
  paste: 'Coller',
  shell: 'Shell',
  shellAbout:
    'Un shell sur le serveur lui-même, sous le compte que nomme la configuration de son agent. Qui l’ouvre, le rejoint et le ferme, et quand, est journalisé ; ce que vous tapez ne l’est pas.',
  shellNeeds: (scope) =>
    `Il faut le droit ${scope}, pour votre compte, sur ce serveur et dans la configuration de son agent : serverkit-agent config allow ${scope}. La documentation du déploiement explique comment activer le shell.`,
  startFirst: 'Démarrez-le pour y ouvrir un terminal.',
  states: {
    joining: 'Connexion…',
    open: 'Connecté',
    waiting: 'Le serveur est injoignable ; nouvel essai…',
    ended: 'Terminé',
  },
  title: 'Terminal',
  user: 'Utilisateur',
  userHint: 'Nom ou numéro ; celui du conteneur si vide.',
  viewers: (viewers) => count(viewers, { one: 'spectateur', other: 'spectateurs' }),
};
