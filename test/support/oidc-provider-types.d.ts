// The little of oidc-provider (which has no types of its own) that test/support/oidc-provider.ts uses.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export class Provider {
    constructor(issuer: string, configuration: object);
    use(middleware: (context: { path: string; body: unknown }, next: () => Promise<void>) => Promise<void>): void;
    callback(): RequestListener;
  }
}
