// Error catalogue, section oauth.
import { section } from './entry.ts';

export const oauthErrors = section({});
