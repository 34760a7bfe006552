/** What the API says of a container that cannot be made, by its own words (wire/container-rules.ts). */
const rules: Readonly<Record<string, string | undefined>> = {
  'must not begin with io.serverkit., which is kept for ServerKit':
    'ne doit pas commencer par io.serverkit., réservé à ServerKit',
  'must be 1 to 64 letters, digits, dots, dashes or underscores':
    'doit avoir de 1 à 64 lettres, chiffres, points, tirets ou tirets bas',
  'is there already': 'est déjà là',
  'must be at most 32 in all': 'ne doivent pas être plus de 32 en tout',
  'must be the absolute path of a file, at most 100 characters':
    'doit être le chemin absolu d’un fichier, de 100 caractères au plus',
  'must be from 0 to 511 (0777)': 'doit aller de 0 à 511 (0777)',
  'must be a number from 0 to 2097151': 'doit être un nombre de 0 à 2097151',
  'do not go with a read-only file system; take variables':
    'ne vont pas avec un système de fichiers en lecture seule ; prenez des variables',
  'lies within a mount, where it would outlive the container or be hidden':
    'se trouve dans un montage, où il survivrait au conteneur ou serait caché',
  'must be the name of an image': 'doit être le nom d’une image',
  'must be 2 to 128 letters, digits, dots, dashes or underscores':
    'doit avoir de 2 à 128 lettres, chiffres, points, tirets ou tirets bas',
  'of a volume must be 2 to 128 letters, digits, dots, dashes or underscores':
    'd’un volume doit avoir de 2 à 128 lettres, chiffres, points, tirets ou tirets bas',
  'must be a name without blanks and "="': 'doit être un nom sans espace ni « = »',
  'is too long or not text': 'est trop long, ou n’est pas du texte',
  'must not be empty, hold "=" or begin with com.docker.compose':
    'ne doit ni être vide, ni contenir « = », ni commencer par com.docker.compose',
  'must be tcp, udp or sctp': 'doit être tcp, udp ou sctp',
  'must be an address of the host': 'doit être une adresse du serveur',
  'goes with ON_FAILURE only': 'ne va qu’avec « en cas d’échec »',
  'does not go with a restart policy': 'ne va pas avec un redémarrage',
  'must be user or user:group': 'doit être utilisateur ou utilisateur:groupe',
  'must be the name or number of a group': 'doit être le nom ou le numéro d’un groupe',
  'must be an absolute path': 'doit être un chemin absolu',
  'must be an absolute path other than /, without ":"': 'doit être un chemin absolu autre que /, sans « : »',
  'must be a host name': 'doit être un nom d’hôte',
  'must be a domain name': 'doit être un nom de domaine',
  'must be a MAC address': 'doit être une adresse MAC',
  'must be an address': 'doit être une adresse',
  'must be a domain': 'doit être un domaine',
  'must be an option of resolv.conf': 'doit être une option de resolv.conf',
  'must be name:address': 'doit être nom:adresse',
  'must be a signal such as SIGTERM': 'doit être un signal comme SIGTERM',
  'must be the name of a log driver': 'doit être le nom d’un pilote de journal',
  'must be the name of an option': 'doit être le nom d’une option',
  'must be a capability such as NET_ADMIN': 'doit être une capacité comme NET_ADMIN',
  'must be made of r, w and m': 'doit être fait de r, w et m',
  'must be the name of a limit such as nofile': 'doit être le nom d’une limite comme nofile',
  'must not be above the hard limit': 'ne doit pas dépasser la limite ferme',
  'is not understood': 'n’est pas compris',
  'must be the name of a container': 'doit être le nom d’un conteneur',
  'must be a path of the host': 'doit être un chemin du serveur',
  'does not go with memory': 'ne va pas avec un montage en mémoire',
  'goes with memory only': 'ne va qu’avec un montage en mémoire',
  'must be the name of a network': 'doit être le nom d’un réseau',
  'must be an IPv4 address': 'doit être une adresse IPv4',
  'must be an IPv6 address': 'doit être une adresse IPv6',
  'cannot be one of several networks': 'ne peut pas être l’un de plusieurs réseaux',
  'gives no names or addresses': 'ne donne ni nom ni adresse',
  'must be CPUs such as 0-2,4': 'doit être des processeurs comme 0-2,4',
  'must be a number from 0.01': 'doit être un nombre à partir de 0,01',
  'counts memory and swap together, and needs a memory limit below it':
    'compte la mémoire et l’échange ensemble, et veut une limite de mémoire plus basse',
  'must not be above the memory limit': 'ne doit pas dépasser la limite de mémoire',
  'must be CMD and words, or CMD-SHELL and a line': 'doit être CMD et des mots, ou CMD-SHELL et une ligne',
  'leaves nothing to set': 'ne laisse rien à régler',
};

/** Words that are not known stay as they are. */
export function ruleText(message: string): string {
  const known = rules[message];
  if (known !== undefined) return known;
  const [, most] = /^must have at most (\d+) entries$/.exec(message) ?? [];
  if (most !== undefined) return `doit avoir ${most} entrées au plus`;
  const [, from, to] = /^must be a whole number from (-?\d+)(?: to (\d+))?$/.exec(message) ?? [];
  if (from === undefined) return message;
  return to === undefined
    ? `doit être un nombre entier à partir de ${from}`
    : `doit être un nombre entier de ${from} à ${to}`;
}
