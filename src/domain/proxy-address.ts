// The address of a proxy may hold a password: what people are shown of it. Pure.

/** `http://user:******@proxy:3128`; anything without a password as it is. */
export function maskedProxy<T>(proxy: T): T | string {
  if (typeof proxy !== 'string' || !URL.canParse(proxy)) return proxy;
  const url = new URL(proxy);
  if (url.password === '') return proxy;
  url.password = '******';
  return url.href;
}
