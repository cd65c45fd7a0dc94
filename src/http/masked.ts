// Masks addresses of customers for the role viewer, which sees the state of everything but no customer. Pure.
import type { Remote, Result } from '../contract/result.ts';
import { defined } from '../lib/defined.ts';

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

const maskedRecipient = <T extends Recipient>(one: T): T => ({
  ...maskedRemote(one),
  address: masked(one.address),
  ...(one.report?.text === undefined ? {} : { report: { ...one.report, text: maskedText(one.report.text) } }),
});

export function maskedResult(result: Result): Result {
  const { recipients, openRecipients, failure, warnings, answeredElsewhere } = result;
  return {
    ...maskedRemote(result),
    ...defined({
      recipients: recipients?.map(maskedRecipient),
      openRecipients: openRecipients?.map(maskedRecipient),
      failure: failure && { ...maskedRemote(failure), message: maskedText(failure.message) },
      answeredElsewhere: answeredElsewhere && {
        ...answeredElsewhere,
        ...defined({ who: answeredElsewhere.who && masked(answeredElsewhere.who) }),
      },
      warnings: warnings?.map(maskedText),
    }),
  };
}
