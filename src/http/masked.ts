// Masks addresses of customers for the role viewer, which sees the state of everything but no customer. Pure.
import type { Remote, Result } from '../contract/result.ts';
import type { AnsweredElsewhere } from '../domain/answered.ts';

/** j•••@customer.example */
export const masked = (address: string): string => {
  const at = address.lastIndexOf('@');
  return at < 1 ? address : `${[...address.slice(0, at)][0]}•••${address.slice(at)}`;
};

/** Characters that end an address within a sentence. */
const AROUND = /[\s<>"'(),;:[\]]/;

/** A server's sentence with its addresses masked: the characters before each @, back to a blank or bracket. */
export function maskedText(text: string): string {
  const parts = text.split('@');
  return parts
    .map((part, i) => {
      if (i === parts.length - 1) return part;
      let begin = part.length;
      while (begin > 0 && !AROUND.test(part[begin - 1] as string)) begin -= 1;
      return begin === part.length ? part : `${part.slice(0, begin)}${[...part.slice(begin)][0]}•••`;
    })
    .join('@');
}

const maskedRemote = <T extends { remote?: Remote | undefined }>(one: T): T =>
  one.remote?.text === undefined ? one : { ...one, remote: { ...one.remote, text: maskedText(one.remote.text) } };

type Recipient = NonNullable<Result['recipients' | 'openRecipients']>[number];

const maskedRecipient = <T extends Recipient>(one: T): T => {
  const { text } = one.report ?? {};
  return {
    ...maskedRemote(one),
    address: masked(one.address),
    ...(text === undefined ? {} : { report: { ...one.report, text: maskedText(text) } }),
  };
};

export function maskedResult(result: Result): Result {
  const { recipients, openRecipients, failure, warnings, answeredElsewhere } = result;
  const { who } = answeredElsewhere ?? {};
  return {
    ...maskedRemote(result),
    ...(recipients === undefined ? {} : { recipients: recipients.map(maskedRecipient) }),
    ...(openRecipients === undefined ? {} : { openRecipients: openRecipients.map(maskedRecipient) }),
    ...(failure === undefined ? {} : { failure: { ...maskedRemote(failure), message: maskedText(failure.message) } }),
    ...(who === undefined
      ? {}
      : { answeredElsewhere: { ...answeredElsewhere, who: masked(who) } as AnsweredElsewhere }),
    ...(warnings === undefined ? {} : { warnings: warnings.map(maskedText) }),
  };
}
