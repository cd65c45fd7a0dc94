// JSON notifications of bounces, complaints and deliveries by Amazon SES, which SNS may wrap again ("Amazon SNS notification contents for Amazon SES").
import type { DeliveryStatus } from '../../contract/message.ts';
import { replyCodeIn, statusIn } from './status-fields.ts';

interface SesReport {
  kind: 'bounce' | 'receipt' | 'feedback-report';
  recipients: DeliveryStatus['recipients'];
  originalMessageId: string | undefined;
}

const MAX = 200_000;

type Json = Record<string, unknown>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, 200) : []);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The first JSON object of the text. Old relays break long lines with "!", a line feed and a blank. */
function firstObject(text: string): Json {
  const bare = text.replace(/!\r?\n /g, '').trimStart();
  const end = bare.search(/\n--\s*\n/);
  try {
    return object(JSON.parse(end === -1 ? bare : bare.slice(0, end)));
  } catch {
    return {};
  }
}

/** Whether brackets are nested deeper than in any notification; JSON.parse would build them all. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let k = 0; k < text.length; k++) {
    const c = text.charCodeAt(k) | 0x20; // [ and { differ in this bit alone, ] and } as well
    if (c === 0x7b && ++depth > 100) return true;
    if (c === 0x7d) depth--;
  }
  return false;
}

/** The report of a notification; undefined for any other text. Never throws. */
export function sesReport(text: string): SesReport | undefined {
  if (text.length > MAX || !/^\s*\{/.test(text) || !text.includes('notificationType') || isDeep(text)) return undefined;
  let json = firstObject(text);
  if (json.notificationType === undefined) json = firstObject(string(json.Message));
  const mail = object(json.mail);
  const header = list(mail.headers)
    .map(object)
    .find((h) => string(h.name).toLowerCase() === 'message-id');
  const id = /<[^<>\s]{3,500}>/.exec(string(header?.value))?.[0];
  const answer = (kind: SesReport['kind'], recipients: SesReport['recipients']): SesReport => ({
    kind,
    recipients: recipients.filter((r) => r.recipient.includes('@') && r.recipient.length <= 500),
    originalMessageId: id,
  });
  switch (json.notificationType) {
    case 'Bounce': {
      const bounce = object(json.bounce);
      return answer(
        'bounce',
        list(bounce.bouncedRecipients).map((item) => {
          const entry = object(item);
          const diagnostic = string(entry.diagnosticCode).slice(0, 500);
          const action = /^delayed$/i.test(string(entry.action)) ? 'delayed' : 'failed';
          const status = statusIn(string(entry.status)) ?? statusIn(diagnostic);
          const replyCode = replyCodeIn(diagnostic.replace(/^\s*smtp;/i, ''));
          return {
            recipient: string(entry.emailAddress),
            action,
            ...(status && { status }),
            ...(replyCode && { replyCode }),
            permanent: action === 'failed',
            ...(diagnostic && { diagnostic }),
          };
        }),
      );
    }
    case 'Complaint': {
      const complaint = object(json.complaint);
      const kind = string(complaint.complaintFeedbackType) || 'abuse';
      return answer(
        'feedback-report',
        list(complaint.complainedRecipients).map((item) => ({
          recipient: string(object(item).emailAddress),
          permanent: false,
          diagnostic: `complaint: ${kind.slice(0, 100)}`,
        })),
      );
    }
    case 'Delivery': {
      const delivery = object(json.delivery);
      const diagnostic = string(delivery.smtpResponse).slice(0, 500);
      const status = statusIn(diagnostic);
      return answer(
        'receipt',
        list(delivery.recipients).map((recipient) => ({
          recipient: string(recipient),
          action: 'delivered' as const,
          ...(status && { status }),
          permanent: false,
          ...(diagnostic && { diagnostic }),
        })),
      );
    }
    default:
      return undefined;
  }
}
