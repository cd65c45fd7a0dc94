// Fields of the contracts with their meaning, which the JSON Schema shows.
import { z } from 'zod';

export const optional = <Schema extends z.ZodType>(schema: Schema, meaning: string) =>
  schema.optional().describe(meaning);

export const text = (meaning: string) => z.string().describe(meaning);

export const optionalText = (meaning: string) => optional(z.string(), meaning);
