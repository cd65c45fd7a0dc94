// Error catalogue, section http.
import { section } from './entry.ts';

export const httpErrors = section({});
