import type { LaterMessages } from '../en.ts';

export const recordings: LaterMessages['recordings'] = {
  about:
    'Ce que les terminaux ont affiché, et quand ; jamais ce qui a été tapé, sauf si cela s’affichait. Qui lit, télécharge ou supprime un enregistrement est journalisé.',
  closed: (why) => `Ce terminal a été fermé : il doit être enregistré. ${why}.`,
  days: 'Jours de conservation',
  daysHint: (least, most) => `De ${least} à ${most}, à partir de la fin de chacun.`,
  delete: 'Supprimer l’enregistrement',
  deleteText: (of) =>
    `L’enregistrement de ${of} est supprimé définitivement. Sa suppression est journalisée.`,
  ends: {
    COMPLETE: 'Complet',
    CUT_OFF: 'Coupé : le serveur n’est pas revenu',
    DISK_FULL: 'Interrompu : disque plein',
    DISK_STALLED: 'Interrompu : le disque ne répondait pas',
    FAILED: 'Interrompu : écriture impossible',
    LOST: 'Serveur injoignable à la fin',
    OVER_BUDGET: 'Interrompu : les enregistrements occupent tout ce qui leur est permis',
    TOO_LARGE: 'Interrompu : trop volumineux',
  },
  everywhere: 'Enregistrer tous les terminaux de tous les serveurs',
  everywhereHint:
    'Dès maintenant, y compris ceux qui sont ouverts. Un terminal qui ne peut pas être enregistré n’est pas ouvert, ou est fermé.',
  gone: 'L’enregistrement a été supprimé.',
  loading: 'Chargement de l’enregistrement',
  marks: 'Repères',
  missing: 'Il manque quelque chose ici',
  megabytes: 'Mégaoctets que tous peuvent occuper',
  megabytesHint: (least, most, used) =>
    `De ${least} à ${most} ; ils occupent ${used} actuellement. Au-delà, les plus anciens terminés sont supprimés.`,
  none: 'Aucun enregistrement',
  noneText:
    'Un terminal est enregistré quand la personne qui l’ouvre le demande, ou quand un administrateur l’exige.',
  nothing: 'Rien n’a été enregistré.',
  pause: 'Pause',
  play: 'Lire',
  playOf: (of) => `Lire l’enregistrement de ${of}`,
  player: 'Lecteur',
  position: 'Position',
  record: 'Enregistrer ce terminal',
  recordHint:
    'Ce qu’il affiche, pour qui peut voir le journal d’audit ; pas ce qui est tapé. Tous ceux qui y sont le voient.',
  recorded: 'Enregistré',
  recordedHint: 'Ce que ce terminal affiche est enregistré.',
  recording: 'Enregistrement en cours',
  required: 'Les terminaux de ce serveur sont enregistrés : ce qu’ils affichent, pas ce qui est tapé.',
  requireHere: 'Enregistrer tous les terminaux de ce serveur',
  save: 'Télécharger en fichier asciicast',
  server: 'Serveur',
  settings: 'Enregistrements de terminaux',
  settingsText:
    'Ce qui doit être enregistré, combien de temps on le garde, et la place que cela peut occuper.',
  shell: 'Shell',
  skipPauses: 'Sauter les pauses',
  speed: 'Vitesse',
  stopped: (why) => `Ce terminal continue, et n’est plus enregistré. ${why}.`,
  stage: 'Ce que le terminal affichait',
  title: 'Enregistrements de terminaux',
};
