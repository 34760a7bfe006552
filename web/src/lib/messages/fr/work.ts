import { createFormats } from '../../format.ts';
import { counter } from '../count.ts';

const count = counter('fr');
const formats = createFormats('fr');
const containers_ = (many: number) => count(many, { one: 'conteneur', other: 'conteneurs' });

/** Ce que l’on fait d’un conteneur au-delà de le démarrer et de l’arrêter. */
export const work = {
  changes: {
    title: 'Modifications',
    kinds: { ADDED: 'Ajouté', DELETED: 'Supprimé', MODIFIED: 'Modifié' },
    more: (shown: number, total: number) =>
      `Les ${formats.number(shown)} premiers sur ${formats.number(total)} sont affichés.`,
    none: 'Aucun fichier ne diffère',
    noneText: 'Ses fichiers sont ceux de son image. Ceux des volumes ne comptent pas.',
    search: 'Chercher des fichiers',
    sum: (files: number) =>
      `${count(files, { one: 'fichier ou dossier diffère', other: 'fichiers et dossiers diffèrent' })} de l’image`,
  },
  commit: {
    action: 'Créer l’image',
    ask: 'Figer en image…',
    comment: 'Commentaire',
    done: (name: string) => `L’image ${name} a été créée.`,
    pause: 'Le suspendre pendant ce temps',
    pauseHint: 'Un fichier en cours d’écriture n’est entier que si rien n’écrit.',
    reference: 'Nom de l’image',
    referenceHint: 'nom ou nom:étiquette',
    text: 'Ses fichiers actuels, sans ceux des volumes, deviennent une image.',
    title: (name: string) => `Créer une image de ${name}`,
  },
  duplicate: {
    action: 'Dupliquer',
    ask: 'Dupliquer…',
    done: (name: string) => `${name} a été créé.`,
    edit: 'D’abord tout modifier',
    ports: 'Publier les mêmes ports',
    portsHint: 'Un seul conteneur en marche peut les avoir.',
    text: 'Les mêmes réglages sous un autre nom. Les volumes nommés et les dossiers sont partagés.',
    title: (name: string) => `Dupliquer ${name}`,
  },
  environment: {
    title: 'Environnement',
    hide: 'Masquer',
    fromSecret: (name: string) => `secret ${name}`,
    masked: 'masqué',
    none: 'Il n’a aucune variable.',
    old: 'Cet agent est trop ancien pour dire les valeurs.',
    reveal: 'Montrer toutes les valeurs',
    revealText:
      'Les mots de passe et les clés sont montrés tels quels. Le journal d’audit garde que vous les avez demandés.',
    revealTitle: (name: string) => `Montrer les secrets de ${name} ?`,
    search: 'Chercher des variables',
  },
  exec: {
    action: 'Lancer',
    ask: 'Lancer une commande…',
    command: 'Commande',
    commandHint: 'Mot à mot. Pour les tubes et le reste : sh -c "…"',
    ends: {
      ENDED: 'Elle s’est terminée.',
      OUTPUT_LIMIT: 'Elle a dit plus de 1 Mo, et a été arrêtée.',
      TIMEOUT: 'Elle a duré trop longtemps, et a été arrêtée.',
    },
    exitCode: (code: number) => `Code de sortie ${code}`,
    output: 'Sortie',
    silent: '(rien)',
    text: 'Elle va jusqu’à sa fin, sans entrée. Pour plus, ouvrez un terminal.',
    timeout: 'Secondes au plus',
    title: (name: string) => `Lancer une commande dans ${name}`,
  },
  inspect: {
    title: 'Inspection',
    raw: 'JSON',
    search: 'Chercher clés et valeurs',
    tree: 'Arbre',
    view: 'Vue',
  },
  limits: {
    ask: 'Limites et redémarrage…',
    cannotLift:
      'Docker ne peut pas lever une limite d’un conteneur existant. Fixez-en une autre, ou recréez-le.',
    done: (name: string) => `${name} suit ses nouveaux réglages.`,
    notUnderstood: 'Tout n’est pas compris.',
    text: 'Elles valent tout de suite, sans redémarrage.',
    title: (name: string) => `Limites de ${name}`,
  },
  openPort: (url: string) => `Ouvrir ${url}`,
  processes: {
    title: 'Processus',
    search: 'Chercher des processus',
    sum: (many: number) => count(many, { one: 'processus', other: 'processus' }),
  },
  prune: {
    done: (many: number, size: string) =>
      `${count(many, { one: 'conteneur supprimé', other: 'conteneurs supprimés' })}, ${size} libérés.`,
    sum: (many: number, size: string) => `${containers_(many)}, ${size}`,
    text: 'Ceux qui ne tournent pas. Leurs fichiers hors des volumes et leurs journaux sont perdus.',
    title: 'Nettoyer les conteneurs',
    volumes: 'Avec leurs volumes sans nom',
  },
  recreate: {
    action: 'Recréer',
    ask: 'Recréer…',
    image: 'Une autre image',
    imageHint: 'Vide pour la plus récente du même nom.',
    text: 'Un nouveau conteneur prend sa place, avec les mêmes réglages et une image plus récente. S’il n’est pas sain, celui-ci est remis.',
    title: (name: string) => `Recréer ${name}`,
  },
  refresh: 'Relire',
};
