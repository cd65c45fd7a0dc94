// The address of a proxy may contain a password, which people must not see. Pure.

/** `http://user:******@proxy:3128`; anything without a password is unchanged. */
export function maskedProxy<T>(proxy: T): T | string {
  if (typeof proxy !== 'string' || !URL.canParse(proxy)) return proxy;
  const url = new URL(proxy);
  if (url.password === '') return proxy;
  url.password = '******';
  return url.href;
}
