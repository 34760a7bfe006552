import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';
import type { EarlyMessages } from '../early-en.ts';

const count = counter('fr');
const formats = createFormats('fr');
const serverForms = { one: 'serveur', other: 'serveurs' };

export const status: EarlyMessages['status'] = {
  ONLINE: 'En ligne',
  CONNECTING: 'Connexion',
  OFFLINE: 'Hors ligne',
  ERROR: 'Erreur',
  MAINTENANCE: 'Maintenance',
  PENDING: 'En attente',
};

export const metrics: EarlyMessages['metrics'] = {
  title: 'Mesures',
  cpu: 'CPU',
  memory: 'Mémoire',
  memoryShort: 'Mém.',
  disk: 'Disque',
  network: 'Réseau',
  read: 'Lecture',
  write: 'Écriture',
  received: 'Reçu',
  sent: 'Émis',
  noData: 'aucune donnée',
  noneYet: 'Pas encore de mesures sur cette période',
  range: 'Période',
  ranges: { '15m': '15 min', '1h': '1 h', '24h': '24 h', '7d': '7 j' },
  load: (load) => `charge ${load}`,
  of: (used, total) => `${used} sur ${total}`,
  full: (path, share) => `${path} plein à ${share}`,
};

export const servers: EarlyMessages['servers'] = {
  runningOf: (running, total) => `${formats.number(running)} actifs sur ${formats.number(total)}`,
  add: 'Ajouter un serveur',
  asGrid: 'Grille',
  asOf: 'état',
  asTable: 'Tableau',
  columns: {
    cpu: 'CPU',
    memory: 'Mémoire',
    disk: 'Disque',
    containers: 'Conteneurs',
    os: 'Système',
    address: 'Adresse',
    agent: 'Agent',
    group: 'Groupe',
    tags: 'Étiquettes',
    lastSeen: 'Vu',
  },
  create: 'Créer le serveur',
  description: 'Description',
  local: 'ce serveur',
  name: 'Nom',
  nameHint: 'Le nom que vous lui donnez, comme web-1.',
  neverJoined: 'Aucun agent ne s’est encore enregistré.',
  noMatchText: 'Aucun serveur ne correspond à ces filtres.',
  noNumbers: 'Pas encore de mesures.',
  none: 'Pas encore de serveur',
  noneText:
    'Ajoutez le premier : nommez-le, choisissez ce que ServerKit peut y faire, et collez une ligne dans son terminal.',
  pick: (name) => `Serveur ${name} : en choisir un autre`,
  search: 'Rechercher un serveur',
  shown: (shown, total) =>
    shown === total ? count(total, serverForms) : `${formats.number(shown)} sur ${formats.number(total)}`,
  sort: {
    worst: 'Les pires d’abord',
    name: 'Nom',
    cpu: 'CPU',
    memory: 'Mémoire',
    disk: 'Disque',
    containers: 'Conteneurs',
    lastSeen: 'Vu',
  },
  status: 'État',
  steps: ['Détails', 'Permissions', 'Installation'],
  tags: 'Étiquettes',
  tagsHint: 'Entrée après chacune, comme production ou eu-west.',
};

export const facts: EarlyMessages['facts'] = {
  hostname: 'Nom d’hôte',
  kernel: 'Noyau',
  cpu: 'Processeur',
  cores: (cores, arch) => `${count(cores, { one: 'cœur', other: 'cœurs' })}, ${arch}`,
  memory: 'Mémoire',
  disk: 'Disques',
  addresses: 'Adresses',
  timezone: 'Fuseau horaire',
  noDocker: 'absent',
  yes: 'oui',
};

export const server: EarlyMessages['server'] = {
  agent: (version) => `agent ${version}`,
  agentRestarting: 'L’agent redémarre.',
  beginMaintenance: 'Commencer la maintenance',
  danger: 'Zone dangereuse',
  delete: 'Supprimer le serveur',
  deleteText:
    'Ses mesures, son historique et ses réglages sont perdus et son agent est coupé. La machine elle-même et ses conteneurs ne sont pas touchés.',
  deleteTitle: (name) => `Supprimer ${name} ?`,
  deleted: (name) => `${name} a été supprimé.`,
  endMaintenance: 'Terminer la maintenance',
  general: 'Général',
  goneText: 'Il a peut-être été supprimé.',
  goneTitle: 'Ce serveur n’existe pas',
  inMaintenance: 'La maintenance a commencé.',
  joinNow: 'Voir comment l’enregistrer.',
  maintenance: 'Maintenance',
  maintenanceText: 'Affiché comme tel, et ses problèmes sont attendus.',
  needsAgent: 'L’agent est hors ligne.',
  notGranted: (scope) => `Ce serveur ne le permet pas (${scope}). Changez ses permissions dans les réglages.`,
  offlineText: (name, since) =>
    `L’agent de ${name} est hors ligne${since === null ? '' : ` ; il a été vu ${since}`}. Vous voyez le dernier état connu. Démarrez-le avec : systemctl start serverkit-agent`,
  open: 'Ouvrir le serveur',
  outOfMaintenance: 'La maintenance est terminée.',
  pendingText: (name) => `Aucun agent ne s’est encore enregistré pour ${name}.`,
  ping: 'Ping',
  pinged: (ms) => `L’agent a répondu en ${ms} ms.`,
  restartAgent: 'Redémarrer l’agent',
  revoke: 'Révoquer l’agent',
  revokeText:
    'Oublie la clé de l’agent et le coupe aussitôt. Le serveur reste ; il peut être enregistré à nouveau avec un autre jeton.',
  revokeTitle: (name) => `Révoquer l’agent de ${name} ?`,
  revoked: 'L’agent a été révoqué.',
  tabs: 'À propos de ce serveur',
  up: (duration) => `actif depuis ${duration}`,
};

export const links: EarlyMessages['links'] = {
  title: 'Connexions',
  text: 'Quand l’agent a été relié, d’où, et pourquoi cela s’est terminé.',
  none: 'L’agent ne s’est jamais connecté.',
  since: 'Depuis',
  from: 'De',
  agent: 'Agent',
  ended: 'Fin',
  open: 'Connecté',
  code: (code) => `Fermée avec le code ${code}`,
  after: (duration) => `après ${duration}`,
};
