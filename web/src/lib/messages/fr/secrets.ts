export const secrets = {
  title: 'Secrets',
  text: 'Des valeurs que des conteneurs reçoivent par leur nom, en variable ou en fichier. Elles sont gardées chiffrées et ne sont plus jamais montrées ; qui peut en mettre une dans un conteneur, y lancer des commandes ou est root sur son serveur peut la lire.',
  add: 'Ajouter un secret',
  changeAsk: 'Remplacer ou modifier…',
  changeTitle: (name: string) => `Modifier ${name}`,
  description: 'À quoi il sert',
  formText:
    'La valeur est gardée chiffrée. Elle n’est plus jamais montrée et n’est envoyée à un serveur que pour un conteneur qui la reçoit.',
  forWhom: (where: string) => `pour ${where}`,
  given: 'donné',
  name: 'Nom',
  nameHint: 'Lettres, chiffres, points, tirets et tirets bas. Il ne change jamais.',
  none: 'Aucun secret',
  noneText:
    'Ajoutez une fois un mot de passe, une clé ou un jeton, et nommez-le là où un conteneur en a besoin.',
  noMatch: 'Aucun secret ne correspond',
  noMatchText: 'Cherchez une partie de son nom ou de sa description.',
  notUsed: 'aucun conteneur ne l’a',
  remove: 'Retirer',
  removeAsk: 'Retirer…',
  removed: (name: string) => `Le secret ${name} n’est plus là.`,
  removeText: 'Il ne pourra pas être retrouvé. Les conteneurs qui le nomment ne pourront plus être recréés.',
  removeUsed: (containers: string) =>
    `Il ne pourra pas être retrouvé. Ces conteneurs gardent ce qu’ils ont reçu et ne pourront plus être recréés : ${containers}.`,
  removeTitle: (name: string) => `Retirer ${name} ?`,
  saved: (name: string) => `Le secret ${name} est gardé.`,
  search: 'Chercher des secrets',
  used: 'dernier usage',
  usedBy: (containers: string) => `dans ${containers}`,
  value: 'Valeur',
  valueHint: 'Du texte jusqu’à 64 Ko, sur autant de lignes qu’il faut.',
  valueKept:
    'Laissez vide pour garder celle qui est là. Les conteneurs en reçoivent une nouvelle quand ils sont refaits.',
  where: 'Quels serveurs le reçoivent',
  wheres: {
    everywhere: { label: 'Tous les serveurs', text: 'Ceux d’aujourd’hui et ceux ajoutés plus tard.' },
    some: {
      label: 'Des serveurs et groupes de mon choix',
      text: 'Les serveurs qui rejoignent un groupe le reçoivent aussi.',
    },
  },
};
