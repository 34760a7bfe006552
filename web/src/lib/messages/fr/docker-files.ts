import type { LaterMessages } from '../en.ts';

export const files: LaterMessages['files'] = {
  archive: 'Télécharger en tar',
  archiveOf: (name) => `Télécharger le dossier ${name} sous forme d’archive tar`,
  download: 'Télécharger',
  downloadOf: (name) => `Télécharger ${name}`,
  empty: 'Ce dossier est vide',
  emptyText: 'Ce qu’on y met apparaît ici à la prochaine lecture.',
  incomplete:
    'Ce dossier contient plus que ce qui est affiché : parcourir ses sous-dossiers prend trop de temps.',
  kinds: { DIRECTORY: 'Dossier', FILE: 'Fichier', OTHER: 'Périphérique, tube ou socket', SYMLINK: 'Lien' },
  linkTo: (target) => `→ ${target}`,
  list: (path) => `Fichiers dans ${path}`,
  mode: 'Droits',
  modified: 'Modifié',
  more: 'Afficher la suite',
  name: 'Nom',
  needs: (scope) => `Il faut le droit ${scope}, pour votre compte et sur ce serveur.`,
  noName: 'Son nom n’est pas du texte : on ne peut pas le demander.',
  notAllowed: 'Vous ne pouvez pas voir les fichiers ici',
  owner: 'Propriétaire',
  path: 'Chemin',
  reading: 'Lecture du dossier…',
  refresh: 'Relire',
  root: 'Fichiers',
  size: 'Taille',
  title: 'Fichiers',
};
