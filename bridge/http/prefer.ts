/** Longest wait for a result, in seconds. */
export const WAIT_MAX_SECONDS = 60;

/** Seconds to wait by `Prefer: wait=30`, at most 60; undefined when nothing of the kind is preferred. https://www.rfc-editor.org/rfc/rfc7240 */
export function waitPreferred(prefer: string | undefined): number | undefined {
  const found = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)/i.exec(prefer ?? '')?.[1];
  return found === undefined ? undefined : Math.min(Number(found), WAIT_MAX_SECONDS);
}
