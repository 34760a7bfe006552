import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('fr');
const formats = createFormats('fr');
const images_ = (many: number) => count(many, { one: 'image', other: 'images' });

export const images = {
  allTags: (tags: number) => `L’image avec ${count(tags, { one: 'étiquette', other: 'étiquettes' })}`,
  away: 'Ce serveur est absent',
  awayText: 'Ses images ne sont conservées nulle part ailleurs. Elles s’affichent dès que son agent revient.',
  check: 'Chercher des images plus récentes',
  checkBlocked: 'Pas maintenant',
  checked: (newer: number, unknown: number) =>
    [
      newer === 0
        ? 'Rien de plus récent.'
        : `${count(newer, { one: 'étiquette a', other: 'étiquettes ont' })} quelque chose de plus récent.`,
      ...(unknown === 0 ? [] : [`Pour ${formats.number(unknown)}, le registre n’a pas répondu.`]),
    ].join(' '),
  checking: 'Les registres sont interrogés…',
  created: 'Création',
  current: 'À jour',
  extent: 'Étendue',
  extents: { DANGLING: 'Sans étiquette', UNUSED: 'Toutes les inutilisées' },
  facts: {
    author: 'Auteur',
    command: 'Commande',
    comment: 'Commentaire',
    created: 'Création',
    digests: 'Empreintes',
    entrypoint: 'Point d’entrée',
    environment: 'Environnement',
    healthcheck: 'Contrôle de santé',
    id: 'Identifiant',
    layers: 'Couches',
    platform: 'Plateforme',
    ports: 'Ports',
    size: 'Taille',
    tags: 'Étiquettes',
    user: 'Utilisateur',
    volumes: 'Volumes',
    workingDir: 'Dossier de travail',
  },
  force: 'Même si des conteneurs arrêtés l’utilisent',
  forceHint: 'Ils restent, mais ne pourront plus être recréés à partir de cette image.',
  kept: (kept: number) => `${images_(kept)} modifiées entre-temps sont restées.`,
  look: 'Détails',
  more: 'Plus pour les images',
  name: 'Nom',
  newer: 'Plus récente disponible',
  newerUnknown: 'Inconnu',
  newTag: 'Nouveau nom',
  newTagHint: 'Par exemple registry.example/team/app:1.2. Ce qui porte ce nom le perd.',
  noMatchText: 'Aucune image ne correspond à ces filtres.',
  none: 'Aucune image',
  noneText: 'Elles apparaissent ici dès qu’un serveur avec Docker en a téléchargé ou construit une.',
  otherTags: (tags: number) => count(tags, { one: 'autre étiquette', other: 'autres étiquettes' }),
  pullAgain: 'Télécharger à nouveau',
  prune: 'Nettoyer…',
  pruned: (removed: number, size: string) => `${images_(removed)} supprimées, ${size} libérés.`,
  pruneNow: 'Supprimer celles-ci',
  pruneSum: (many: number, size: string) => `${images_(many)}, ${size} seront libres`,
  pruneText:
    'Ce qui est listé ici est supprimé, et rien d’autre. Une image utilisée ou nommée entre-temps reste.',
  pruneTitle: 'Nettoyer les images',
  pushAsk: 'Envoyer…',
  remove: 'Supprimer',
  removeAsk: 'Supprimer…',
  removed: (name: string) => `${name} a été supprimée.`,
  removeManyText: 'Celle qui a plusieurs étiquettes ou qui est utilisée reste, et le dit.',
  removeManyTitle: (many: number) => `Supprimer ${images_(many)} ?`,
  removeText: (server: string, size: string) =>
    `Jusqu’à ${size} sont libérés sur ${server}. Elle ne reviendra que d’un registre ou d’une construction.`,
  removeTitle: (name: string) => `Supprimer ${name} ?`,
  search: 'Chercher des images',
  shown: (shown: number, total: number) =>
    shown === total ? images_(total) : `${formats.number(shown)} sur ${formats.number(total)}`,
  size: 'Taille',
  sort: { newest: 'Plus récentes', name: 'Nom', size: 'Plus grandes', server: 'Serveur' },
  tag: 'Étiqueter',
  tagAsk: 'Étiqueter…',
  tagged: (name: string) => `Elle s’appelle aussi ${name}.`,
  tagText: 'L’image reçoit un nom de plus ; ceux qu’elle a restent.',
  tagTitle: (name: string) => `Étiqueter ${name}`,
  unnamed: 'sans nom',
  unanswered: (server: string) => `Il manque ici les images de ${server}.`,
  untagged: (name: string) => `Le nom ${name} a été retiré.`,
  use: 'Utilisée par',
  usedBy: (containers: number) => count(containers, { one: 'conteneur', other: 'conteneurs' }),
  uses: { USED: 'Utilisée', UNUSED: 'Inutilisée', DANGLING: 'Orpheline' },
  views: { about: 'À propos', history: 'Historique', raw: 'Brut' },
  which: 'Que supprimer',
};

export const build = {
  archive: 'Archive',
  archiveHint:
    'Une archive tar du dossier, telle quelle ou compressée avec gzip. La construction commence une fois l’archive envoyée.',
  ask: 'Construire…',
  dockerfile: 'Dockerfile',
  dockerfileHint: 'Il n’y a pas d’autres fichiers : COPY ne trouve rien, RUN et ADD depuis une adresse, si.',
  from: 'À partir de quoi construire',
  fromArchive: 'Depuis une archive',
  fromText: 'Depuis un texte',
  noCache: 'Ne rien réutiliser des constructions précédentes',
  path: 'Dockerfile dans l’archive',
  pathHint: 'Son chemin depuis la racine de l’archive.',
  pull: 'Chercher des versions plus récentes des images de base',
  sending: 'Envoi de l’archive',
  submit: 'Construire',
  tag: 'Nom',
  tagHint: 'Par exemple equipe/app:1. Ce qui porte ce nom le perd une fois l’image construite.',
  text: 'Elle est construite sur le serveur en arrière-plan ; ce que dit la construction s’affiche avec la tâche.',
  title: 'Construire une image',
  values: 'Valeurs pour ARG',
  valuesHint:
    'NOM=valeur, une par ligne. Elles restent lisibles dans l’historique de l’image : pas de secrets ici.',
};

export const push = {
  reference: 'Nom',
  submit: 'Envoyer',
  text: 'Le nom dit vers quel registre elle va. Les identifiants enregistrés pour ce registre sont utilisés.',
  title: 'Envoyer une image',
};
