// Complaints of readers about mails of ours: RFC 5965, and what Outlook.com sends instead.
import type { DeliveryStatus } from '../../contract/message.ts';
import { fieldGroups, recipientAddress } from './status-fields.ts';

interface Complaining {
  headers: { first(name: string): string | undefined };
  subject: string;
  reportType: string | undefined;
  reports: readonly { type: string; text: string }[];
  original: { first(name: string): string | undefined } | undefined;
}

interface Complaint {
  source: string;
  recipients: DeliveryStatus['recipients'];
}

const about = (recipients: readonly string[], kind: string): DeliveryStatus['recipients'] =>
  recipients.map((recipient) => ({ recipient, permanent: false, diagnostic: `complaint: ${kind}`.slice(0, 500) }));

/** undefined when nobody complains. Never throws. */
export function complaintOf(input: Complaining): Complaint | undefined {
  const feedback = input.reports.find((r) => r.type === 'message/feedback-report');
  if (feedback !== undefined || input.reportType?.toLowerCase() === 'feedback-report') {
    const text = feedback?.text ?? '';
    const kind = fieldGroups(text)[0]?.get('feedback-type') ?? 'abuse';
    return { source: 'RFC 5965', recipients: about(complainants(input, text), kind) };
  }
  const recipient = input.original === undefined ? undefined : recipientAddress(complainedTo(input));
  return recipient === undefined ? undefined : { source: 'JMRP', recipients: about([recipient], 'abuse') };
}

/** Header in which Outlook.com's Junk Mail Reporting Program names the reader, on the report or on the mail that it attaches. */
const READER = 'x-hmxmroriginalrecipient';
const COMPLAINT = /^complaint about message from [\d.:a-f]{3,45}$/i;

const complainedTo = ({ headers, original, subject }: Complaining): string | undefined =>
  headers.first(READER) ?? (COMPLAINT.test(subject) ? original?.first(READER) : undefined);

/** RFC 5965 §3.2: Original-Rcpt-To may stand there several times; without it, the only addressee of the mail complained about. */
function complainants({ original }: Complaining, report: string): string[] {
  const named: string[] = [];
  for (const [, value] of report.matchAll(/^original-rcpt-to:(.*)$/gim)) {
    const address = recipientAddress(value?.slice(0, 1000));
    if (address !== undefined) named.push(address);
    if (named.length >= 200) break;
  }
  if (named.length > 0) return named;
  const to = original?.first('to') ?? '';
  const only = to.includes(',') ? undefined : recipientAddress(to);
  return only?.includes('@') === true ? [only] : [];
}
