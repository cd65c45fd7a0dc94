// Error catalogue, section config.
import { section } from './entry.ts';

export const configErrors = section({});
