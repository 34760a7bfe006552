import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';
import type { LaterMessages } from '../en.ts';

const count = counter('fr');
const formats = createFormats('fr');

export const permissions: LaterMessages['permissions'] = {
  title: 'Permissions',
  text: 'Le maximum que quiconque peut faire sur ce serveur avec ServerKit. L’agent garde sa propre copie, que seul l’hôte peut élargir.',
  profile: 'Profil de permissions',
  profiles: {
    DOCKER_MANAGER: {
      name: 'Gestion de Docker (recommandé)',
      text: 'Gérer conteneurs, images, piles, volumes et réseaux ; voir mesures et journaux.',
      risk: '',
    },
    DOCKER_READONLY: {
      name: 'Lecture seule',
      text: 'Voir les conteneurs, leurs journaux et les mesures. Rien ne peut être changé.',
      risk: '',
    },
    FULL_ACCESS: {
      name: 'Accès complet',
      text: 'Tout, y compris terminaux, commandes et fichiers.',
      risk: 'Qui contrôle ServerKit est alors root sur ce serveur.',
    },
    CUSTOM: { name: 'Sur mesure', text: 'Choisissez chaque permission ci-dessous.', risk: '' },
  },
  single: 'Permissions une à une',
  count: (granted, all) => `${formats.number(granted)} sur ${formats.number(all)} accordées`,
  groups: {
    docker: 'Docker',
    system: 'Système',
    files: 'Fichiers',
    backups: 'Sauvegardes',
    agent: 'Agent',
    servers: 'Serveurs',
    users: 'Personnes',
    audit: 'Audit',
    settings: 'Réglages',
    secrets: 'Secrets',
  },
  scopes: {
    'docker:containers:read': 'Voir les conteneurs, leurs journaux et leurs mesures',
    'docker:containers:write': 'Démarrer, arrêter, renommer et supprimer des conteneurs',
    'docker:containers:exec': 'Exécuter des commandes dans les conteneurs',
    'docker:containers:privileged': 'Créer des conteneurs avec accès complet à l’hôte',
    'docker:images:read': 'Voir les images',
    'docker:images:write': 'Télécharger, construire et supprimer des images',
    'docker:compose:read': 'Voir les piles',
    'docker:compose:write': 'Déployer et supprimer des piles',
    'docker:volumes:read': 'Voir les volumes',
    'docker:volumes:write': 'Créer et supprimer des volumes',
    'docker:networks:read': 'Voir les réseaux',
    'docker:networks:write': 'Créer et supprimer des réseaux',
    'system:metrics:read': 'Voir CPU, mémoire, disque et réseau',
    'system:processes:read': 'Voir les processus',
    'system:processes:kill': 'Terminer des processus',
    'system:services:read': 'Voir les services',
    'system:services:write': 'Démarrer et arrêter des services',
    'system:logs:read': 'Lire les journaux du système',
    'system:exec': 'Exécuter n’importe quelle commande sur l’hôte',
    'system:terminal': 'Ouvrir un terminal sur l’hôte',
    'system:provision': 'Installer des environnements et des bases de données',
    'files:read': 'Lire les fichiers',
    'files:write': 'Modifier les fichiers',
    'backups:read': 'Voir les sauvegardes',
    'backups:write': 'Faire des sauvegardes',
    'backups:restore': 'Restaurer une sauvegarde par-dessus l’existant',
    'agent:restart': 'Redémarrer l’agent',
    'agent:update': 'Remplacer l’agent par une autre version',
    'servers:read': 'Voir les serveurs',
    'servers:write': 'Modifier, grouper et supprimer des serveurs',
    'servers:register': 'Ajouter des serveurs et joindre des agents',
    'users:read': 'Voir les personnes',
    'users:write': 'Inviter, modifier et désactiver des personnes',
    'audit:read': 'Lire et exporter le journal d’audit',
    'settings:write': 'Changer les réglages de cette installation',
    'secrets:use': 'Mettre des secrets dans des conteneurs, donc les lire',
    'secrets:write': 'Garder, remplacer et retirer des secrets',
  },
  risky: 'risque élevé',
  riskyGranted: (risky) =>
    `${count(risky, { one: 'permission équivaut', other: 'permissions équivalent' })} à root sur le serveur ou peut détruire des données.`,
  local:
    'C’est la machine sur laquelle tourne ServerKit, à côté de ses clés. Plus de permissions ici, c’est plus de dégâts si un compte est volé.',
  withheld: (withheld) =>
    `La configuration de l’agent retient ${count(withheld, { one: 'permission', other: 'permissions' })} :`,
  withheldNext: 'Pour les accorder, exécutez sur l’hôte : serverkit-agent config allow <permission>',
  confirm: 'Changer les permissions',
  confirmTitle: (name) => `Changer ce que ServerKit peut faire sur ${name} ?`,
  confirmText: 'Effet immédiat ; ce qui est en cours et n’est plus permis est interrompu.',
  confirmLocal:
    'Ce serveur détient les clés de ServerKit. Qui peut y utiliser Docker ou des commandes peut les atteindre, et avec elles tous les autres serveurs.',
};

export const install: LaterMessages['install'] = {
  title: (name) => `Installer l’agent sur ${name}`,
  text: 'Exécutez l’une de ces commandes sur le serveur. L’agent appelle ServerKit ; aucun port n’y est à ouvrir.',
  way: 'Façon d’installer',
  ways: {
    linux: {
      name: 'Linux',
      text: 'Dans un terminal root. Marche sur un système nu, sans rien installer avant.',
    },
    docker: { name: 'Docker', text: 'Lance l’agent dans un conteneur qui gère le Docker de son hôte.' },
    manual: { name: 'Manuel', text: 'Pour une machine qui a déjà l’agent.' },
    windows: { name: 'Windows', text: 'Dans PowerShell, en administrateur.' },
  },
  command: 'la commande',
  token: 'le jeton',
  showToken: 'Afficher le jeton seul',
  expires: 'Expire',
  once: 'Sert une fois et ne sera plus affiché.',
  waiting: 'En attente de l’agent…',
  waitingHint: 'Cela change tout seul dès qu’il se connecte.',
  connected: (name) => `${name} est connecté.`,
  impossible: 'Les autres machines ne peuvent pas encore joindre ServerKit.',
  laterText: 'Le serveur est enregistré. Une fois cela changé, créez un nouveau jeton dans ses réglages.',
  reasons: {
    LOOPBACK_ONLY:
      'Il n’écoute que sur cette machine. Démarrez-le avec HOST=0.0.0.0 et donnez à PUBLIC_URL une adresse qu’elles peuvent joindre.',
    PUBLIC_URL_LOOPBACK:
      'PUBLIC_URL ne désigne que cette machine. Donnez-lui une adresse que les autres machines peuvent joindre.',
    PUBLIC_URL_REQUIRED:
      'ServerKit ne sait pas par quelle adresse on le joint. Donnez-la à PUBLIC_URL et redémarrez-le.',
    TLS_REQUIRED:
      'Les agents n’appellent pas d’adresse sans chiffrement. Définissez TLS_CERT et TLS_KEY, ou laissez ServerKit créer son certificat.',
  },
};

export const join: LaterMessages['join'] = {
  title: 'Enregistrement de l’agent',
  first: 'Aucun agent ne s’est encore enregistré. Créez un jeton et exécutez la commande sur le serveur.',
  again:
    'Un nouveau jeton permet à un agent de s’enregistrer à nouveau, après une réinstallation par exemple. Celui en place reste jusque-là.',
  open: 'Le jeton créé n’a pas servi. Il expire',
  used: (from) => `Enregistré depuis ${from}`,
  none: 'Il n’y a pas de jeton.',
  regenerate: 'Nouveau jeton',
};
