import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('fr');
const formats = createFormats('fr');

export const jobs = {
  all: 'Tous les états',
  began: 'Début',
  begun: 'C’est commencé. Voir où cela en est.',
  by: 'Par',
  cancel: 'Annuler la tâche',
  cancelAsked: 'Arrêt demandé',
  cancelText: 'Ce qui est fait d’ici là reste en l’état.',
  cancelTitle: (what: string) => `Annuler : ${what} ?`,
  ended: 'Fin',
  id: 'Tâche',
  itself: 'ServerKit',
  kind: 'Genre',
  kinds: {
    'container.create': 'Créer le conteneur',
    'container.recreate': 'Recréer le conteneur',
    'fleet.deploy': 'Sur plusieurs serveurs, déployer',
    'fleet.pull': 'Sur plusieurs serveurs, télécharger',
    'image.build': 'Construire l’image',
    'image.pull': 'Télécharger l’image',
    'image.push': 'Envoyer l’image',
    'stack.down': 'Retirer la stack',
    'stack.pull': 'Tirer les images de la stack',
    'stack.remove': 'Supprimer la stack',
    'stack.restart': 'Redémarrer la stack',
    'stack.scale': 'Redimensionner la stack',
    'stack.start': 'Démarrer la stack',
    'stack.stop': 'Arrêter la stack',
    'stack.takeover': 'Reprendre la stack',
    'stack.deploy': 'Déployer la stack',
    'stack.sync': 'Déployer la stack Git',
    'stack.restore': 'Ramener la stack',
  },
  missing: (lines: number) =>
    `${count(lines, { one: 'ligne plus ancienne n’est pas affichée', other: 'lignes plus anciennes ne sont pas affichées' })}.`,
  noLines: 'Rien n’a encore été dit.',
  noMatchText: 'Aucune tâche ne correspond à ces filtres.',
  none: 'Aucune tâche pour l’instant',
  noneText:
    'Le travail qui dure, comme le téléchargement d’une image, s’affiche ici pendant qu’il avance et après.',
  output: 'Sortie',
  over: (kind: string, target: string, state: string) => `${kind} ${target} : ${state}`,
  partOf: (server: string) => `Tâche sur ${server}`,
  progress: 'Avancement',
  server: 'Serveur',
  show: 'Afficher',
  state: 'État',
  states: {
    CANCELLED: 'Annulée',
    FAILED: 'Échouée',
    INTERRUPTED: 'Interrompue',
    PENDING: 'Demandée',
    RUNNING: 'En cours',
    SUCCEEDED: 'Terminée',
  },
  targets: 'Serveurs',
  targetsSum: (state: string, servers: number) => `${state} : ${formats.number(servers)}`,
  targetStates: {
    CANCELLED: 'Annulé',
    FAILED: 'Échoué',
    INTERRUPTED: 'Interrompu',
    RUNNING: 'En cours',
    SKIPPED: 'Pas commencé',
    SUCCEEDED: 'Terminé',
    WAITING: 'En attente',
  },
  whole: 'Partie d’une tâche sur plusieurs serveurs',
};

export const pull = {
  reference: 'Image',
  referenceHint: 'Par exemple nginx:1.29, ou avec son registre : registry.example.com/team/web:2',
  submit: 'Télécharger',
  text: 'Ses couches sont téléchargées en arrière-plan ; leur avancement s’affiche avec la tâche.',
  title: 'Télécharger une image',
};
