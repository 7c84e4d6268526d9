/** Whether the client of PostgreSQL can read it, and reads out of it what was meant. An empty host is the local socket. */
export function isDatabaseUrl(value: string): boolean {
  const url = parsed(value.replace('@/', '@localhost/'));
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) return false;
  const { username, password, pathname, hash } = url;
  // An unescaped / ? # or % of a password ends it early, or cannot be decoded.
  return hash === '' && !pathname.includes('@') && [username, password, pathname].every(isEncoded);
}

/** Whether paths can be put behind it: nothing may stand there, and a user name would be sent to nobody. */
export function isBaseUrl(value: string): boolean {
  const url = parsed(value);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(value);
}

function parsed(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
