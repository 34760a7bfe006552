import { namesWhatIsMissing, type Failure } from '../../api/failure.ts';
import { createFormats } from '../../format.ts';
import type { EarlyMessages } from '../early-en.ts';

const formats = createFormats('fr');
const percent = (value: number | null | undefined) => formats.percent(value ?? 0);
const seconds = ({ details }: Failure) => Number(details['retryAfterSeconds'] ?? 0);
const serverOf = ({ details }: Failure) =>
  typeof details['serverName'] === 'string' ? `l’agent de ${details['serverName']}` : 'l’agent';
const sinceWhen = ({ details }: Failure) =>
  typeof details['since'] === 'string' ? ` depuis le ${formats.dateTime(details['since'])}` : '';

export const problems: EarlyMessages['problems'] = {
  AGENT_OFFLINE: () => 'Agent hors ligne',
  AGENT_ERROR: () => 'L’agent ne peut pas se connecter',
  CLOCK_SKEW: ({ value }) => `Horloge décalée de ${formats.duration(Math.abs(value ?? 0) / 1000)}`,
  CONTAINER_RESTARTING: ({ subject }) => `${subject ?? 'Un conteneur'} redémarre sans cesse`,
  CONTAINER_UNHEALTHY: ({ subject }) => `${subject ?? 'Un conteneur'} est défaillant`,
  CPU_HIGH: ({ value }) => `CPU à ${percent(value)}`,
  DISK_FULL: ({ subject, value }) => `${subject ?? 'Disque'} plein à ${percent(value)}`,
  DOCKER_UNAVAILABLE: () => 'Docker ne répond pas',
  MEMORY_HIGH: ({ value }) => `Mémoire à ${percent(value)}`,
  REGISTRATION_EXPIRED: () => 'Jeton expiré sans avoir servi',
  UPDATE_FAILED: ({ subject }) => `La mise à jour de ${subject ?? 'un conteneur'} a échoué`,
};

export const errors: EarlyMessages['errors'] = {
  UNAUTHENTICATED: () => 'Votre session est terminée. Connectez-vous à nouveau.',
  PERMISSION_DENIED: ({ details }) =>
    typeof details['scope'] === 'string'
      ? `Il faut la permission ${details['scope']}, que vous n’avez pas. Adressez-vous à un administrateur.`
      : 'Vous n’en avez pas le droit. Adressez-vous à un administrateur.',
  CREDENTIALS_INVALID: () =>
    'Cette adresse et ce mot de passe ne correspondent pas. Vérifiez les deux et réessayez.',
  SECOND_FACTOR_REQUIRED: () =>
    'Ce compte a un second facteur : saisissez aussi un code de votre application d’authentification.',
  SECOND_FACTOR_INVALID: () =>
    'Ce code ne convient pas, est trop ancien ou a déjà servi. Attendez le suivant et réessayez.',
  FRESH_SIGN_IN_REQUIRED: () => 'Rien n’a été changé, car vous n’avez pas confirmé que c’est bien vous.',
  LINK_INVALID: () => 'Ce lien ne fonctionne plus. Demandez-en un autre.',
  SETUP_CODE_INVALID: () => 'Ce n’est pas le code d’installation. Copiez-le du journal du premier démarrage.',
  SETUP_DONE: () => 'Un administrateur existe déjà. Connectez-vous.',
  RATE_LIMITED: (failure) =>
    seconds(failure) > 0
      ? `Trop de tentatives. Réessayez dans ${formats.duration(seconds(failure))}.`
      : 'Trop de tentatives. Attendez une minute et réessayez.',
  ORIGIN_REFUSED: () =>
    'ServerKit n’est pas configuré pour cette adresse. Ouvrez-le à son PUBLIC_URL ou changez ce réglage.',
  INPUT_INVALID: ({ message }) => message,
  QUERY_INVALID: () => 'Cette page et le serveur ne se comprennent pas. Rechargez la page.',
  QUERY_TOO_COMPLEX: () => 'C’est trop à la fois. Demandez-en moins.',
  TOO_MANY_OPERATIONS: () => 'Trop d’opérations sont en cours. Fermez un onglet ou patientez un instant.',
  SLOW_CONSUMER: () =>
    'Ce navigateur n’a pas pu suivre et le flux a été arrêté. Ouvrez-le à nouveau pour continuer.',
  NOT_FOUND: ({ message }: Failure) =>
    namesWhatIsMissing(message)
      ? message
      : 'Cela n’existe plus. Revenez à la liste : c’est peut-être supprimé.',
  CONFLICT: ({ message }) => message,
  TOKEN_INVALID: () =>
    'Ce jeton d’enregistrement n’est pas valable. Créez-en un autre dans les réglages du serveur.',
  TOKEN_EXPIRED: () => 'Le jeton d’enregistrement a expiré. Créez-en un autre dans les réglages du serveur.',
  TOKEN_USED: () => 'Le jeton d’enregistrement a déjà servi. Créez-en un autre dans les réglages du serveur.',
  AGENT_OFFLINE: (failure) =>
    `Rien n’a été fait : ${serverOf(failure)} est hors ligne${sinceWhen(failure)}. Démarrez-le avec : systemctl start serverkit-agent`,
  AGENT_TIMEOUT: (failure) =>
    `Pas de réponse à temps : ${serverOf(failure)} n’a pas répondu. Vérifiez son état et réessayez.`,
  AGENT_REFUSED: ({ message }) =>
    `L’agent a refusé : ${message} Ce qu’il permet se règle dans les permissions du serveur et dans la configuration de l’agent.`,
  UNSUPPORTED_BY_AGENT: ({ message }) => message,
  AGENT_FAILED: () => 'L’agent a échoué de façon inattendue. Son journal sur le serveur dit pourquoi.',
  AGENT_PROTOCOL_ERROR: () => 'La réponse de l’agent n’a pas de sens. Mettez-le à jour et réessayez.',
  COMPOSE_UNAVAILABLE: () =>
    'Il n’y a pas de Docker Compose sur ce serveur. Installez le paquet docker-compose-plugin (de Docker), docker-compose-v2 (Ubuntu) ou docker-compose (Debian), puis réessayez ; rien n’est à redémarrer.',
  DOCKER_UNAVAILABLE: () => 'Docker ne répond pas sur ce serveur. Démarrez-le avec : systemctl start docker',
  DOCKER_ERROR: ({ message }) => `Docker a refusé : ${message}`,
  GIT_UNAVAILABLE: ({ message }: Failure) => message,
  GIT_ERROR: ({ message }: Failure) => message,
  RECORDING_FAILED: () =>
    'Ce terminal doit être enregistré et ne l’est pas : l’enregistrement a échoué ou s’est arrêté. Le journal de ServerKit en dit la raison.',
  RESULT_TOO_LARGE: () => 'La réponse est trop grande. Demandez-en moins.',
  OUTCOME_UNKNOWN: () => 'La connexion s’est rompue pendant l’exécution. Vérifiez l’état avant de réessayer.',
  CANCELLED: () => 'Annulé avant que quoi que ce soit ne soit fait.',
  UNAVAILABLE: () => 'ServerKit démarre ou s’arrête. Réessayez dans un instant.',
  NETWORK: () =>
    'ServerKit est injoignable. Vérifiez qu’il tourne et que vous êtes connecté au réseau, puis réessayez.',
  INTERNAL: ({ details }) =>
    typeof details['reference'] === 'string'
      ? `Une erreur s’est produite de notre côté. Le journal la connaît sous ${details['reference']}.`
      : 'Une erreur s’est produite de notre côté. Réessayez ; le journal de ServerKit en dit plus.',
};
