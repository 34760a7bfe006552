import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('fr');
const formats = createFormats('fr');
const containers_ = (containers: number) => count(containers, { one: 'conteneur', other: 'conteneurs' });
const volumes_ = (many: number) => count(many, { one: 'volume', other: 'volumes' });
const networks_ = (many: number) => count(many, { one: 'réseau', other: 'réseaux' });

export const docker = {
  allServers: 'Tous les serveurs',
  away: 'Ce serveur est absent',
  awayText: 'Ce qu’il contient n’est conservé nulle part ailleurs. Cela revient avec son agent.',
  create: 'Créer',
  createdAt: 'Créé',
  driver: 'Pilote',
  driverHint: 'Tout autre que l’habituel demande le droit aux conteneurs privilégiés.',
  keptReason: (name: string, reason: string) => `${name} reste : ${reason}`,
  labels: 'Étiquettes',
  labelsHint: 'Une par ligne : clé=valeur',
  look: 'Inspecter',
  noMatchText: 'Rien ne correspond à ces filtres.',
  no: 'non',
  onServer: (server: string, text: string) => `${server} : ${text}`,
  options: 'Options du pilote',
  prune: 'Nettoyer…',
  pruneNothing: 'Il n’y a rien à supprimer.',
  pruneNow: 'Supprimer tout cela',
  removeAsk: 'Supprimer…',
  remove: 'Supprimer',
  scope: 'Portée',
  serverAway: (name: string, status: string) => `${name} (${status.toLowerCase()})`,
  servers: (servers: number) => count(servers, { one: 'serveur', other: 'serveurs' }),
  sort: { name: 'Nom', newest: 'Plus récents', worst: 'Les pires d’abord', server: 'Serveur' },
  stopped: 'arrêté',
  unanswered: (server: string) => `Il manque ici ce qui est sur ${server}.`,
  use: 'Utilisation',
  usedBy: containers_,
  users: 'Utilisé par',
  uses: { USED: 'Utilisé', UNUSED: 'Inutilisé' },
  yes: 'oui',
};

export const volumes = {
  all: 'Tous les volumes',
  browse: 'Parcourir les fichiers',
  filesOf: (name: string) => `Fichiers de ${name}`,
  anonymous: 'sans nom',
  created: (name: string) => `Le volume ${name} a été créé.`,
  createText: 'Un dossier où des conteneurs gardent leurs fichiers, et qui leur survit.',
  createTitle: 'Créer un volume',
  mountpoint: 'Sur le serveur',
  named: 'Ceux qui ont reçu un nom également',
  none: 'Aucun volume',
  noneText: 'Créez-en un, ou démarrez un conteneur qui en demande un.',
  optionsHint:
    'Une par ligne : clé=valeur. Ce qui monte un dossier ou un lecteur réseau demande le droit aux conteneurs privilégiés.',
  pruned: (many: number, size: string) => `${volumes_(many)} supprimés, ${size} libérés.`,
  pruneSum: (many: number, size: string) => `${volumes_(many)}, ${size}`,
  pruneText: 'Ce qu’aucun conteneur n’utilise, même arrêté. Leurs fichiers sont perdus définitivement.',
  pruneTitle: 'Nettoyer les volumes',
  measure: 'Mesurer les tailles',
  readOnly: 'lecture seule',
  removed: (name: string) => `Le volume ${name} a été supprimé.`,
  removeText: (server: string) => `Tous ses fichiers sur ${server} sont perdus définitivement.`,
  removeTitle: (name: string) => `Supprimer le volume ${name} ?`,
  search: 'Chercher des volumes',
  shown: (shown: number, total: number) =>
    shown === total ? volumes_(total) : `${formats.number(shown)} sur ${formats.number(total)}`,
  size: 'Taille',
};

export const networks = {
  addresses: 'Adresses',
  aliases: 'Autres noms',
  aliasesHint: 'Les conteneurs de ce réseau le trouvent ainsi ; séparés par des virgules.',
  attachable: 'Ouvert aux conteneurs isolés (grappes)',
  attachableFact: 'Ouvert aux conteneurs isolés',
  builtIn: 'De Docker',
  connect: 'Connecter',
  connectAsk: 'Connecter un conteneur…',
  connected: (container: string, network: string) => `${container} est maintenant dans ${network}.`,
  connectText: 'Les autres qui s’y trouvent peuvent l’atteindre aussitôt.',
  connectTitle: (network: string) => `Connecter un conteneur à ${network}`,
  container: 'Conteneur',
  created: (name: string) => `Le réseau ${name} a été créé.`,
  createText: 'Les conteneurs d’un même réseau se joignent par leur nom.',
  createTitle: 'Créer un réseau',
  disconnect: 'Déconnecter',
  disconnected: (container: string, network: string) => `${container} n’est plus dans ${network}.`,
  gateway: 'Passerelle',
  internal: 'Sans issue : rien au-delà de ce réseau n’est joignable',
  internalFact: 'Interne',
  internalShort: 'interne',
  ipRange: 'Plage d’adresses',
  ipv4: 'Adresse',
  ipv4Hint: 'Laissée vide, le réseau choisit.',
  ipv6: 'Aussi des adresses IPv6',
  none: 'Aucun réseau',
  noneText: 'Créez-en un pour les conteneurs qui vont ensemble.',
  optionsHint:
    'Une par ligne : clé=valeur. Au-delà du MTU et du trafic entre conteneurs, elles demandent le droit aux conteneurs privilégiés.',
  pruned: (many: number) => `${networks_(many)} supprimés.`,
  pruneSum: (many: number) => networks_(many),
  pruneText: 'Les réseaux où n’est aucun conteneur, même arrêté.',
  pruneTitle: 'Nettoyer les réseaux',
  removed: (name: string) => `Le réseau ${name} a été supprimé.`,
  removeText: (server: string) => `Plus rien sur ${server} ne pourra le rejoindre.`,
  removeTitle: (name: string) => `Supprimer le réseau ${name} ?`,
  search: 'Chercher des réseaux',
  shown: (shown: number, total: number) =>
    shown === total ? networks_(total) : `${formats.number(shown)} sur ${formats.number(total)}`,
  subnet: 'Sous-réseau',
  subnetHint: 'Par exemple 172.28.0.0/16 ; laissé vide, Docker choisit.',
};

export const dockerEvents = {
  missed: (many: number) =>
    `${count(many, { one: 'événement', other: 'événements' })} sont arrivés trop vite pour être affichés.`,
  none: 'Rien ne s’est encore passé',
  noneText: 'Tout ce que fait Docker à partir de maintenant apparaît ici aussitôt.',
  search: 'Chercher des événements',
  shown: (shown: number, total: number) =>
    shown === total
      ? count(total, { one: 'événement', other: 'événements' })
      : `${formats.number(shown)} sur ${formats.number(total)}`,
  type: 'À propos de',
  types: { CONTAINER: 'Conteneur', IMAGE: 'Image', NETWORK: 'Réseau', VOLUME: 'Volume' },
};
