import type { DocumentType, Urgency } from './schemas';

export const desks = [
  'accounts-payable',
  'legal',
  'customer-care',
  'human-resources',
  'sales',
  'front-office',
  'discard',
  'review',
] as const;
export type Desk = (typeof desks)[number];

export interface RouteInput {
  type: DocumentType;
  urgency: Urgency;
  /** The model's own, 0 to 1. */
  confidence: number;
  /** The largest amount of the document. */
  largestAmount: number;
  /** Whole days from the day it came in to the first day something is due; negative when that has passed. */
  dueInDays?: number;
  /** The model said something that does not stand in the document. */
  unsupported: boolean;
}

export interface Route {
  desk: Desk;
  urgency: Urgency;
  /** Two people have to sign. */
  needsApproval: boolean;
  /** Why it goes there, for the person who gets it. */
  reason: string;
}

const SURE_ENOUGH = 0.6;
/** Nobody looks at what is thrown away, so it takes more to get there. */
const SURE_ENOUGH_TO_DISCARD = 0.85;
const APPROVAL_FROM = 10_000;
const SOON_DAYS = 3;

const deskOf: Record<DocumentType, Desk> = {
  invoice: 'accounts-payable',
  contract: 'legal',
  complaint: 'customer-care',
  application: 'human-resources',
  inquiry: 'sales',
  notice: 'front-office',
  spam: 'discard',
  other: 'review',
};

/** Where a document goes. Rules and not the model decide, so that the same document always goes the same way. */
export function route(input: RouteInput): Route {
  const { type, confidence, largestAmount } = input;
  const needsApproval = (type === 'invoice' || type === 'contract') && largestAmount >= APPROVAL_FROM;
  const doubt = doubtOf(input);
  return {
    desk: doubt === undefined ? deskOf[type] : 'review',
    urgency: urgencyOf(input),
    needsApproval,
    reason: doubt ?? `${type}, confidence ${confidence.toFixed(2)}`,
  };
}

function doubtOf({ type, confidence, unsupported }: RouteInput): string | undefined {
  if (type === 'other') return 'fits no type';
  if (confidence < SURE_ENOUGH) return `${type}, but the confidence is only ${confidence.toFixed(2)}`;
  if (type === 'spam' && confidence < SURE_ENOUGH_TO_DISCARD) return 'perhaps spam';
  if (type !== 'spam' && unsupported) return `${type}, but the answer names what is not in the document`;
  return undefined;
}

function urgencyOf({ type, urgency, dueInDays }: RouteInput): Urgency {
  if (type === 'spam') return 'low';
  const soon = dueInDays !== undefined && dueInDays <= SOON_DAYS;
  return soon && (urgency === 'low' || urgency === 'normal') ? 'high' : urgency;
}
