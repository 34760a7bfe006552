import type { EarlyMessages } from '../early-en.ts';

export const access: EarlyMessages['access'] = {
  title: 'Accès',
  personText: 'Le rôle dit ce que cette personne peut faire ; ceci dit où.',
  role: 'Où le rôle s’applique-t-il ?',
  kinds: {
    ALL: {
      label: 'Partout',
      text: 'Sur tous les serveurs, présents et à venir, et pour ce qui n’est pas un serveur.',
    },
    GRANTED: {
      label: 'Seulement là où un accès est donné',
      text: 'Sur les serveurs et groupes ci-dessous, et nulle part ailleurs.',
    },
  },
  admin: 'Les administrateurs voient tous les serveurs. Donnez d’abord un autre rôle.',
  placeTitle: 'Accès',
  placeText:
    'Les personnes à qui un accès a été donné ici en particulier. Qui peut agir partout n’y figure pas.',
  groupTitle: (group) => `Accès à ${group}`,
  groupText: 'Il vaut pour les serveurs du groupe et des groupes qu’il contient, où qu’ils soient déplacés.',
  give: 'Donner un accès',
  giveTitle: (name) => `Donner un accès à ${name}`,
  giveTo: (place) => `Donner un accès à ${place}`,
  givenTo: (name) => `${name} a un accès.`,
  whom: 'À qui ?',
  whomHint: 'Les personnes dont le rôle ne s’applique pas partout.',
  nobody:
    'Il n’y a personne à choisir : le rôle de chacun s’applique partout. Changez cela d’abord sur la page d’une personne.',
  where: 'Où ?',
  what: 'Que peut-on y faire ?',
  levels: {
    role: { label: 'Tout ce que permet le rôle', text: 'Ce que le rôle permettra plus tard en fera partie.' },
    read: { label: 'Regarder', text: 'Voir les serveurs, les mesures, et tout Docker avec les journaux.' },
    operate: {
      label: 'Exploiter les conteneurs',
      text: 'Voir les conteneurs ; les démarrer, arrêter, redémarrer, renommer et supprimer.',
    },
  },
  everything: 'tout ce que permet le rôle',
  none: 'Personne pour l’instant',
  nonePerson: 'Aucun serveur pour l’instant',
  nonePersonText: 'Cette personne ne voit rien tant qu’aucun accès n’est donné.',
  nonePlaceText: 'Seuls ceux dont le rôle s’applique partout y ont accès.',
  nothing: 'Aucun serveur à voir pour l’instant',
  nothingText:
    'Personne ne vous a donné accès à un serveur. Demandez à un administrateur ; il apparaîtra ici.',
  group: 'groupe',
  gone: 'n’existe plus',
  revoke: 'Retirer',
  revokeTitle: (name, place) => `Retirer à ${name} l’accès à ${place} ?`,
  revokeText: 'Ce qu’il a ouvert prend fin aussitôt.',
  revoked: 'L’accès a été retiré.',
};
