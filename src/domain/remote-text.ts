// A remote system's words in a form that may be shown and stored. Pure.

/**
 * Remote text for logs and results: one line, at most 500 characters; tokens, long base64 and addresses masked.
 * @param own addresses that may be shown: the signed-in user and the From
 */
export function maskRemoteText(text: string, own: readonly string[] = []): string {
  const shown = own.map((address) => address.toLowerCase());
  return text
    .replace(/\s+/g, ' ')
    .replace(/Bearer\s+\S+/gi, 'Bearer ***')
    .replace(/[^\s<>"'(),:;[\]]+/g, (word) => {
      const at = word.lastIndexOf('@', word.length - 2);
      return at < 1 || shown.includes(word.toLowerCase()) ? word : `***@${word.slice(at + 1)}`;
    })
    .replace(/[A-Za-z0-9+/=_-]{60,}/g, '***')
    .trim()
    .slice(0, 500);
}
