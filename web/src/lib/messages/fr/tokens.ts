import { counter } from '../count.ts';
import type { LaterMessages } from '../en.ts';

const count = counter('fr');

export const tokens: LaterMessages['tokens'] = {
  title: 'Jetons d’API',
  text: 'Ce avec quoi scripts et outils se connectent. Un jeton peut ce qui lui a été donné, et jamais plus que vous.',
  graphiql: 'Essayer l’API',
  create: 'Nouveau jeton',
  none: 'Aucun jeton',
  noneText:
    'Créez-en un par script ou outil, avec le strict nécessaire. Il est affiché une fois ; le révoquer arrête aussitôt ce qu’il fait.',
  whose: 'Jetons de qui',
  mine: 'Les miens',
  everyone: 'Ceux de tous',
  by: (name) => `de ${name}`,
  neverUsed: 'jamais utilisé',
  used: 'utilisé',
  usedFrom: (address) => `depuis ${address}`,
  expires: 'expire',
  expired: 'expiré',
  never: 'n’expire jamais',
  everywhere: 'tous les serveurs',
  someServers: (servers) => count(servers, { one: 'serveur', other: 'serveurs' }),
  someGroups: (groups) => count(groups, { one: 'groupe', other: 'groupes' }),
  moreScopes: (more) => `et ${more} de plus`,
  rename: 'Renommer',
  renameTitle: (name) => `Renommer ${name}`,
  revoke: 'Révoquer',
  revokeTitle: (name) => `Révoquer ${name} ?`,
  revokeText: 'Tout ce qui l’utilise est coupé aussitôt, y compris ce qui est ouvert. C’est irréversible.',
  revoked: (name) => `${name} est révoqué.`,
};

export const newToken: LaterMessages['newToken'] = {
  title: 'Nouveau jeton d’API',
  name: 'À quoi sert-il ?',
  nameHint: 'Pour le reconnaître plus tard, par exemple rapport-nocturne.',
  may: 'Que peut-il faire ?',
  presets: {
    watch: { label: 'Surveiller', text: 'Voir les serveurs, leur état, leurs problèmes et leurs métriques.' },
    read: {
      label: 'Lire',
      text: 'Voir les serveurs, les métriques et tout ce qui est de Docker, journaux compris.',
    },
    operate: {
      label: 'Piloter les conteneurs',
      text: 'Voir serveurs et conteneurs ; démarrer, arrêter, redémarrer, renommer et supprimer des conteneurs.',
    },
    custom: { label: 'Sur mesure', text: 'Choisir chaque permission une à une.' },
  },
  notHeld: 'Vous ne l’avez pas vous-même.',
  notHeldAll: 'Vous n’avez pas tout cela vous-même.',
  risk: (risky) =>
    `${count(risky, { one: 'permission équivaut', other: 'permissions équivalent' })} à root sur un serveur, ou distribue des droits. Qui possède ce jeton les possède.`,
  where: 'Où ?',
  places: {
    everywhere: { label: 'Tous les serveurs', text: 'Ceux d’aujourd’hui et ceux qui seront ajoutés.' },
    some: { label: 'Certains seulement', text: 'Des serveurs et des groupes que vous choisissez.' },
  },
  notThere: (scopes) => `Sans lien avec un serveur, donc écarté quand on en choisit : ${scopes}.`,
  until: 'Jusqu’à quand ?',
  periods: { '7': '7 jours', '30': '30 jours', '90': '90 jours', '365': 'un an', never: 'sans fin' },
  neverRisk:
    'Un jeton sans fin fonctionne jusqu’à ce que quelqu’un s’en aperçoive. Préférez-en un à renouveler.',
  untilDate: (date) => `Jusqu’au ${date}.`,
  from: 'Depuis où ?',
  fromHint: 'Adresses ou réseaux, comme 203.0.113.7 ou 10.0.0.0/8. De partout si vide.',
  submit: 'Créer le jeton',
  madeTitle: 'Copiez le jeton maintenant',
  madeText: 'Il n’est affiché qu’ici. Gardez-le là où votre outil garde ses secrets.',
  secret: 'le jeton',
  tryIt: 'Essayer',
  example: 'l’exemple',
  done: 'Terminé',
};

export const places: LaterMessages['places'] = {
  title: 'Serveurs et groupes',
  search: 'Rechercher serveurs et groupes',
  group: 'Groupe',
  withBelow: 'avec les groupes en dessous',
  none: 'Aucun résultat.',
  nowhere: 'aucun serveur',
  chosen: (chosen) => `${chosen} choisis`,
};
