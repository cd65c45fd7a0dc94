// Error catalogue, section smtp.
import { section } from './entry.ts';

export const smtpErrors = section({});
