import type { LaterMessages } from '../en.ts';
import { counter } from '../count.ts';

const count = counter('fr');

export const many: LaterMessages['many'] = {
  ask: 'Plusieurs serveurs…',
  by: 'Choisir par',
  chooseAll: 'Tous',
  chooseNone: 'Aucun',
  free: (memory, free, cores) => `${memory} de mémoire et ${free} cœurs sur ${cores} libres`,
  goOn: 'Continuer avec les autres',
  group: 'Groupe',
  leftOut: 'Laissé de côté',
  noGroups: 'Il n’y a pas encore de groupe.',
  noMatch: 'Aucun serveur ne correspond.',
  none: 'Choisissez des serveurs pour voir ce que cela y ferait.',
  noneInGroup: 'Aucun serveur n’est dans ce groupe.',
  noneWithTag: 'Plus aucun serveur n’a cette étiquette.',
  noServers: 'Il n’y a pas encore de serveur. Ajoutez-en un d’abord.',
  noTags: 'Aucun serveur n’a encore d’étiquette.',
  onFailure: 'En cas d’échec sur l’un d’eux',
  parallel: 'Serveurs à la fois',
  parallelHint: 'De 1 à 50 ; le suivant commence quand l’un a fini.',
  plan: 'Ce que cela ferait',
  reasons: {
    MAINTENANCE: 'En maintenance',
    NO_DOCKER: 'Docker ne répond pas',
    NO_METRICS: 'Rien n’a été mesuré récemment',
    NO_SCOPE: 'Ne vous y est pas permis',
    OFFLINE: 'Hors ligne',
    TOO_LITTLE_MEMORY: 'Trop peu de mémoire libre',
  },
  room: 'Le plus de place d’abord',
  search: 'Chercher des serveurs',
  servers: 'Serveurs',
  stop: 'S’arrêter là',
  summary: (good, bad) => {
    const on = `Sur ${count(good, { one: 'serveur', other: 'serveurs' })}`;
    return bad === 0 ? on : `${on} ; ${count(bad, { one: 'laissé de côté', other: 'laissés de côté' })}`;
  },
  tag: 'Étiquette',
};

export const pullMany: LaterMessages['pullMany'] = {
  ask: 'Télécharger sur plusieurs serveurs…',
  known: 'Déjà là ; ce qui est plus récent vient',
  missing: 'Pas encore là',
  named: 'Nommez l’image, et qui l’a déjà s’affiche.',
  ready: 'Sera téléchargée',
  submit: (servers) => `Télécharger sur ${count(servers, { one: 'serveur', other: 'serveurs' })}`,
  text: 'Une tâche avec un résultat par serveur. Ceux qui ne peuvent pas la prendre maintenant sont laissés de côté.',
  title: 'Télécharger une image sur plusieurs serveurs',
};
