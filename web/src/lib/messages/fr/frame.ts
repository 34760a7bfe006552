import { createFormats } from '../../format.ts';
import type { EarlyMessages } from '../early-en.ts';

const formats = createFormats('fr');

export const common: EarlyMessages['common'] = {
  actions: 'Actions',
  actionsFor: (name) => `Actions pour ${name}`,
  back: 'Retour',
  cancel: 'Annuler',
  clear: 'Effacer',
  clearFilters: 'Effacer les filtres',
  close: 'Fermer',
  columns: 'Colonnes',
  continue: 'Continuer',
  copied: 'Copié',
  copy: 'Copier',
  copyFailed: 'Le navigateur n’a pas permis la copie. Sélectionnez le texte et copiez-le à la main.',
  copyWhat: (what) => `Copier ${what}`,
  done: 'fait',
  loading: 'Chargement',
  messages: 'Messages',
  more: 'En afficher plus',
  noMatch: 'Aucun résultat',
  refresh: 'Actualiser',
  remove: (what) => `Retirer ${what}`,
  save: 'Enregistrer',
  saved: 'Enregistré.',
  select: (what) => `Sélectionner ${what}`,
  selectAll: 'Tout sélectionner',
  sortBy: 'Trier par',
  tryAgain: 'Réessayer',
  view: 'Affichage',
};

export const nav: EarlyMessages['nav'] = {
  account: 'Profil',
  audit: 'Audit',
  breadcrumb: 'Où vous êtes',
  containers: 'Conteneurs',
  events: 'Événements',
  images: 'Images',
  networks: 'Réseaux',
  volumes: 'Volumes',
  logs: 'Journaux',
  jobs: 'Tâches',
  main: 'Navigation principale',
  open: 'Ouvrir la navigation',
  overview: 'Vue d’ensemble',
  servers: 'Serveurs',
  security: 'Sécurité',
  stacks: 'Stacks',
  settings: 'Réglages',
  signOut: 'Se déconnecter',
  skip: 'Aller au contenu',
  user: 'Votre compte',
  version: (version) => `Version ${version}`,
};

export const live: EarlyMessages['live'] = {
  up: 'En direct',
  down: 'Reconnexion',
  starting: 'Connexion',
  lost: (since) =>
    `Aucune connexion à ServerKit depuis ${since}. L’affichage date de ce moment ; il reprendra tout seul.`,
  tryNow: 'Réessayer',
  upHint: 'En direct : ce que vous voyez bouge tout seul. Cliquez pour vous reconnecter.',
  downHint: 'La connexion est rompue ; l’affichage est figé. Cliquez pour réessayer maintenant.',
  reconnect: 'Se reconnecter',
};

export const theme: EarlyMessages['theme'] = {
  label: 'Thème',
  system: 'Système',
  light: 'Clair',
  dark: 'Sombre',
};

export const palette: EarlyMessages['palette'] = {
  createContainer: 'Créer un conteneur',
  open: 'Recherche et commandes',
  hint: 'Rechercher…',
  placeholder: 'Aller à un serveur, un conteneur, une page…',
  found: 'Résultats',
  pages: 'Pages',
  actions: 'Actions',
  dark: 'Passer au thème sombre',
  light: 'Passer au thème clair',
};

export const shortcuts: EarlyMessages['shortcuts'] = {
  title: 'Raccourcis clavier',
  search: 'Rechercher dans la page',
  goTo: (page) => `Aller à ${page}`,
  close: 'Fermer ce qui est ouvert',
};

export const fault: EarlyMessages['fault'] = {
  title: 'Cette page n’a pas pu être ouverte',
  text: 'Une erreur s’est produite. Réessayez dans un instant.',
  notFoundTitle: 'Cette page n’existe pas',
  notFoundText: 'L’adresse est peut-être mal écrite, ou ce qu’elle désignait n’est plus là.',
};

export const first: EarlyMessages['first'] = {
  title: 'Et maintenant ?',
  watch: 'Observer cette machine',
  watchText: (name) => `CPU, mémoire, disque et réseau de ${name}, seconde par seconde.`,
  containers: 'Voir ses conteneurs',
  containersText: 'Démarrez-les, arrêtez-les, et suivez leurs journaux.',
  add: 'Ajouter un autre serveur',
  addText: 'Collez une ligne dans son terminal ; il apparaît ici tout seul.',
};

export const overview: EarlyMessages['overview'] = {
  summary: 'Résumé',
  health: 'Santé des serveurs',
  online: 'En ligne',
  ofTotal: (total) => `sur ${formats.number(total)}`,
  offline: 'Hors ligne',
  containers: 'Conteneurs',
  running: (total) => `actifs sur ${formats.number(total)}`,
  problems: 'Problèmes',
  newer: 'Images plus récentes',
  newerApplied: (at: string) => `Appliquée à partir du ${at}`,
  noProblems: 'Tout va bien.',
  moreProblems: (more) => `et ${formats.number(more)} de plus`,
  meanCpu: 'CPU moyen',
  meanMemory: 'Mémoire moyenne',
};
