// Bounces and reports.
import type { Address, DeliveryStatus } from '../../contract/message.ts';
import type { Headers } from '../assemble.ts';

export interface ReportPart {
  type: string;
  text: string;
}

export interface BounceInput {
  headers: Headers;
  subject: string;
  from: readonly Address[];
  contentType: string;
  reportType: string | undefined;
  reports: readonly ReportPart[];
  text: string;
  original: Headers | undefined;
}

export interface Bounce {
  kind: 'bounce' | 'receipt' | 'feedback-report';
  source: string;
  deliveryStatus?: DeliveryStatus;
}

export function parseBounce(_input: BounceInput): Bounce | undefined {
  return undefined;
}
