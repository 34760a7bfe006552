import { sendText, type Exchange } from './exchange.ts';

/** How long a browser may remember what a preflight answered, in seconds. */
const rememberedSeconds = 600;

/**
 * Reads a list of origins, such as `https://tool.example,http://localhost:5173`. Only exact ones: with a pattern, whoever
 * gets a name under it gets in.
 *
 * @returns a sentence's rest that says what is wrong, when it is a string
 */
export function parseOrigins(text: string): ReadonlySet<string> | string {
  const origins = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const wrong = origins.find((item) => !isOrigin(item));
  return wrong === undefined
    ? new Set(origins)
    : `must list exact origins such as https://tool.example, without a path or *; ${wrong} is none`;
}

function isOrigin(text: string): boolean {
  const url = text.includes('*') ? null : URL.parse(text);
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.origin === text;
}

/**
 * Lets pages of the listed origins read the answer. Nothing is said about credentials, so that no browser sends them our
 * cookie: such a page acts with an API token or not at all.
 */
export function allowListedPage({ response, facts }: Pick<Exchange, 'response' | 'facts'>): void {
  if (facts.originVerdict !== 'listed' || facts.origin === undefined) return;
  response.setHeader('access-control-allow-origin', facts.origin);
  response.setHeader('access-control-expose-headers', 'retry-after');
  response.appendHeader('vary', 'origin');
}

/** Answers a browser that asks whether a listed page may send an operation (Fetch Standard, CORS-preflight fetch). */
export function answerPreflight(exchange: Exchange): void {
  const { response, facts } = exchange;
  if (facts.originVerdict !== 'listed') {
    response.setHeader('allow', 'POST');
    return sendText(
      response,
      405,
      'Pages of other origins may use this API when SERVERKIT_CORS_ORIGINS lists them.',
    );
  }
  allowListedPage(exchange);
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
  response.setHeader('access-control-max-age', rememberedSeconds);
  response.writeHead(204).end();
}
