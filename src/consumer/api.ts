// The part of Mailroom's HTTP API that a consumer needs: downloads.

export interface Api {
  /** Base URL of Mailroom, e.g. https://mailroom.example.com */
  url: string;
  /** A token with the role backend. */
  token: string;
  fetch?: typeof fetch;
}

export interface ApiClient {
  /** @throws Error with the status and the problem's code and hint */
  download(path: string): Promise<ReadableStream<Uint8Array>>;
}

export function apiClient(api: Api | undefined): ApiClient {
  return {
    async download(path) {
      if (api === undefined) throw new Error('attachments and raw mails need `api: { url, token }`');
      const ask = api.fetch ?? fetch;
      const answer = await ask(new URL(path, api.url), { headers: { authorization: `Bearer ${api.token}` } });
      if (answer.ok && answer.body !== null) return answer.body;
      const { code, detail, hint } = ((await answer.json().catch(() => ({}))) ?? {}) as Record<string, unknown>;
      throw new Error(
        `${path}: ${answer.status} ${[code, detail, hint].filter((part) => typeof part === 'string').join(' – ')}`,
      );
    },
  };
}
