import { counter } from '../count.ts';
import type { LaterMessages } from '../en.ts';

const count = counter('fr');

export const agentKey: LaterMessages['agentKey'] = {
  title: 'Clé de l’agent',
  text: 'Ce par quoi l’agent prouve son identité. Sa moitié privée ne quitte jamais le serveur.',
  fingerprint: 'Empreinte',
  fingerprintHint: 'La même que serverkit-agent status affiche sur le serveur.',
  copy: 'l’empreinte',
  since: 'Utilisée depuis',
  first: 'la clé de l’enregistrement',
  pending: 'Une autre clé s’apprête à la remplacer depuis',
  none: 'Aucun agent ne s’est encore joint.',
  rotate: 'Remplacer la clé',
  rotateTitle: (name) => `Remplacer la clé de l’agent de ${name} ?`,
  rotateText:
    'L’agent crée une autre clé et passe à celle-ci ; il reste connecté ou revient tout seul. L’ancienne ne vaut alors plus rien.',
  rotated: 'L’agent a une autre clé.',
};

export const controlKeys: LaterMessages['controlKeys'] = {
  title: 'Clés de cette installation',
  text: 'Ce à quoi les agents reconnaissent ServerKit. Chacune leur est annoncée avant de servir.',
  current: 'Actuelle',
  next: 'Suivante',
  recovery: 'Secours',
  since: 'depuis',
  behind: (agents) =>
    `${count(agents, { one: 'agent n’a', other: 'agents n’ont' })} pas encore repris les dernières clés.`,
  recoveryHere:
    'La moitié privée de la clé de secours se trouve encore à côté des autres : qui en vole une les vole toutes. Emportez-la avec : npm run recovery-key -- take FICHIER',
  rotate: 'Changer de clé',
  rotateTitle: 'Signer désormais avec la clé suivante ?',
  rotateText:
    'Les agents reviennent et la reprennent ; les absents le font à leur retour. À faire si la clé actuelle a pu être vue par d’autres, ou une fois par an.',
  leaveBehind: 'Abandonner aussi les agents trop anciens pour suivre',
  leaveBehindHint: 'Il faudra les enregistrer à nouveau.',
  rotated: 'La clé suivante signe désormais.',
};

export const keySchedule: LaterMessages['keySchedule'] = {
  title: 'Clés des agents',
  text: 'Remplacées d’elles-mêmes, pour qu’une clé copiée à votre insu finisse un jour.',
  days: 'Tous les … jours',
  hint: 'À un dixième près, pour ne pas toutes les remplacer à la fois. 0 signifie jamais.',
};
