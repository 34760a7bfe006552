import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';
import type { LaterMessages } from '../en.ts';

const count = counter('fr');
const formats = createFormats('fr');
const serverForms = { one: 'serveur', other: 'serveurs' };

export const groups: LaterMessages['groups'] = {
  title: 'Groupes',
  one: 'Groupe',
  all: 'Tous les serveurs',
  none: 'Sans groupe',
  noneAbove: 'Aucun, il est au plus haut niveau',
  create: 'Nouveau groupe',
  createInside: 'Nouveau groupe à l’intérieur',
  createTitle: (parent) => (parent === '' ? 'Nouveau groupe' : `Nouveau groupe dans ${parent}`),
  created: (name) => `Groupe ${name} créé.`,
  edit: 'Modifier',
  editTitle: (name) => `Modifier ${name}`,
  changed: (name) => `${name} modifié.`,
  name: 'Nom',
  within: 'Se trouve dans',
  colour: 'Couleur',
  colours: {
    GREY: 'Gris',
    RED: 'Rouge',
    ORANGE: 'Orange',
    YELLOW: 'Jaune',
    GREEN: 'Vert',
    TEAL: 'Sarcelle',
    BLUE: 'Bleu',
    INDIGO: 'Indigo',
    PURPLE: 'Violet',
    PINK: 'Rose',
  },
  icon: 'Icône',
  icons: {
    folder: 'Dossier',
    server: 'Serveur',
    database: 'Base de données',
    globe: 'Globe',
    cloud: 'Nuage',
    'building-2': 'Bâtiment',
    house: 'Maison',
    'map-pin': 'Lieu',
    box: 'Boîte',
    'code-xml': 'Code',
    'flask-conical': 'Fiole',
    rocket: 'Fusée',
    shield: 'Bouclier',
    star: 'Étoile',
  },
  delete: 'Supprimer',
  deleteTitle: (name) => `Supprimer le groupe ${name} ?`,
  deleteText:
    'Ses serveurs et les groupes qu’il contient passent au groupe du dessus. Les accès donnés sur ce groupe prennent fin. Aucun serveur n’est touché.',
  deleted: (name) => `Groupe ${name} supprimé.`,
  access: 'Accès',
  servers: (servers) => count(servers, serverForms),
};

export const savedFilters: LaterMessages['savedFilters'] = {
  title: 'Filtres enregistrés',
  save: 'Enregistrer ce filtre',
  name: 'Nom',
  nameHint: 'Le vôtre dans tous vos navigateurs, et à personne d’autre. Le même nom le remplace.',
  delete: (name) => `Oublier ${name}`,
  saved: (name) => `${name} enregistré.`,
};

export const bulk: LaterMessages['bulk'] = {
  title: 'Ce qui est choisi',
  chosen: (chosen) => count(chosen, { one: 'choisi', other: 'choisis' }),
  move: 'Déplacer',
  moveTitle: (chosen) => `Déplacer ${count(chosen, serverForms)}`,
  moveText: 'Les accès donnés sur un groupe suivent aussitôt.',
  tag: 'Étiquettes',
  tagTitle: (chosen) => `Étiquettes de ${count(chosen, serverForms)}`,
  tagAdd: 'Ajouter',
  tagRemove: 'Retirer',
  maintain: 'Commencer la maintenance',
  resume: 'Terminer la maintenance',
  restartAgents: 'Redémarrer les agents',
  delete: 'Supprimer',
  deleteTitle: (chosen) => `Supprimer ${count(chosen, serverForms)} ?`,
  removeTitle: (chosen) => `Supprimer ${count(chosen, { one: 'conteneur', other: 'conteneurs' })} ?`,
  removeText: 'Ce qui a été écrit à l’intérieur est perdu. Les volumes nommés restent.',
  removeRunning: 'Aussi ceux qui tournent',
  removeVolumes: 'Avec leurs volumes anonymes',
  done: (done) => `Fait pour ${formats.number(done)}.`,
  resultTitle: (failed, all) =>
    failed === all
      ? 'Rien n’a pu être fait'
      : `Pas fait pour ${formats.number(failed)} sur ${formats.number(all)}`,
  resultText: 'L’issue de chacun, d’abord ceux qui n’ont pas abouti.',
  resultOk: 'Fait',
  resultFailed: 'Pas fait',
  onServer: (server) => `sur ${server}`,
};
