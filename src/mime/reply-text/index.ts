// The new part of a reply.
export function replyText(input: {
  text: string;
  html: string | undefined;
  textIsDerived: boolean;
}): string | undefined {
  return input.text === '' ? undefined : input.text;
}
