const URL_MAX_LENGTH = 2_048;

/** Parameters that tell who clicked, not what the page is. `utm_source=openai` is added by the model's web search. */
const trackingParameter =
  /^(utm_.*|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|mc_[ce]id|mkt_tok|srsltid|_ga|_gl|_hsenc|_hsmi)$/i;

/**
 * One spelling for the many of one page: host in lower case, no default port, user, fragment, tracking parameters or
 * trailing slash. The scheme stays as it is, see `pageOf`. What is left of the query keeps its order and its bytes.
 *
 * @returns null when the text is not an address of a web page
 */
export function normaliseUrl(text: string): string | null {
  if (text.length > URL_MAX_LENGTH || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;

  const host = url.host.replace(/\.(?=:|$)/, '');
  const path = url.pathname.replace(/\/+$/, '');
  const query = url.search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter && !trackingParameter.test(parameter.split('=')[0]!))
    .join('&');
  return `${url.protocol}//${host}${path}${query && `?${query}`}`;
}

/** What two normalised URLs share when they differ in `http` and `https` only. */
export function pageOf(normalisedUrl: string): string {
  return normalisedUrl.replace(/^https?:\/\//, '');
}

/** Host of a normalised URL, without `www.`: what a reader takes for the publisher. */
export function hostOf(normalisedUrl: string): string {
  return new URL(normalisedUrl).hostname.replace(/^www\./, '');
}
