// Readers' complaints about mails that we sent: RFC 5965, and the form of Outlook.com.
import type { BounceInput } from './index.ts';
import { fieldGroups, recipientAddress } from './status-fields.ts';

type Complaining = Pick<BounceInput, 'headers' | 'subject' | 'reportType' | 'reports' | 'original'>;

const about = (recipients: readonly string[], kind: string) =>
  recipients.map((recipient) => ({ recipient, permanent: false, diagnostic: `complaint: ${kind}`.slice(0, 500) }));

/** Who complains; undefined when the mail is no complaint. Never throws. */
export function complaintOf(input: Complaining) {
  const feedback = input.reports.find((r) => r.type === 'message/feedback-report');
  if (feedback !== undefined || input.reportType?.toLowerCase() === 'feedback-report') {
    const text = feedback?.text ?? '';
    const kind = fieldGroups(text)[0]?.get('feedback-type') ?? 'abuse';
    return { source: 'RFC 5965', recipients: about(complainants(input, text), kind) };
  }
  const recipient = input.original && recipientAddress(complainedTo(input));
  return recipient === undefined ? undefined : { source: 'JMRP', recipients: about([recipient], 'abuse') };
}

/** Header that names the reader in reports of Outlook.com's Junk Mail Reporting Program, or in the mail attached to them. */
const READER = 'x-hmxmroriginalrecipient';
const COMPLAINT = /^complaint about message from [\d.:a-f]{3,45}$/i;

const complainedTo = ({ headers, original, subject }: Complaining): string | undefined =>
  headers.first(READER) ?? (COMPLAINT.test(subject) ? original?.first(READER) : undefined);

/** Original-Rcpt-To, which may be repeated (RFC 5965 §3.2); without it the only addressee of the mail that the complaint is about. */
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
