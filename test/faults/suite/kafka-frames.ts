/**
 * Just enough of Kafka's wire protocol: every request and every answer is a frame with its length (4 bytes) in front. A request goes
 * on with api key (2), api version (2) and correlation id (4); an answer with the correlation id of its request.
 * https://kafka.apache.org/protocol#protocol_messages
 */

const PRODUCE = 0;
const OFFSET_COMMIT = 8;
const REQUEST_HEAD_BYTES = 12;
const ANSWER_HEAD_BYTES = 8;
/** From this version on strings have another form. Nobody here speaks it. */
const FIRST_FLEXIBLE_OFFSET_COMMIT = 8;

export interface OffsetCommitRequest {
  correlationId: number;
  /** Undefined where the request has a form that is not read here. */
  group: string | undefined;
}

/** What a frame turns out to be once its head is there: it may need more bytes than that, or have to be held, or end its connection. */
type Verdict = { need: number } | 'forward' | 'hold' | 'cut';

/**
 * Requests; `onOffsetCommit` is asked about each commit before its first byte goes on, `onProduce` (which may be absent at the moment) gets each
 * whole Produce request, and can have the connection reset instead.
 */
export function requestFrames(
  onOffsetCommit: (request: OffsetCommitRequest) => 'forward' | 'hold',
  onProduce: () => ((frame: Buffer) => 'forward' | 'cut') | undefined = () => undefined,
) {
  return new FrameReader(REQUEST_HEAD_BYTES, (bytes, frameBytes) => {
    if (bytes.readInt16BE(4) === PRODUCE) {
      const handler = onProduce();
      if (!handler) return 'forward';
      return bytes.length < frameBytes ? { need: frameBytes } : handler(bytes);
    }
    if (bytes.readInt16BE(4) !== OFFSET_COMMIT) return 'forward';
    if (bytes.length < frameBytes) return { need: frameBytes };
    return onOffsetCommit({ correlationId: bytes.readInt32BE(8), group: groupOf(bytes) });
  });
}

/** Answers; `onAnswer` is asked about each one before its first byte goes on. */
export function answerFrames(onAnswer: (correlationId: number) => 'forward' | 'hold') {
  return new FrameReader(ANSWER_HEAD_BYTES, (bytes) => onAnswer(bytes.readInt32BE(4)));
}

/** Follows the frames of one direction, however they are cut into chunks. Keeps back only the head of a frame that is incomplete. */
export class FrameReader {
  private kept: Buffer = Buffer.alloc(0);
  /** Bytes of the current frame that just pass. */
  private passing = 0;

  constructor(
    private readonly headBytes: number,
    private readonly judge: (bytes: Buffer, frameBytes: number) => Verdict,
  ) {}

  read(chunk: Buffer): { forward: Buffer[]; hold: boolean; cut: boolean } {
    const bytes = this.kept.length > 0 ? Buffer.concat([this.kept, chunk]) : chunk;
    let at = 0;
    let hold = false;
    let cut = false;
    while (at < bytes.length) {
      if (this.passing > 0) {
        const passed = Math.min(this.passing, bytes.length - at);
        this.passing -= passed;
        at += passed;
        continue;
      }
      const verdict = this.judgeAt(bytes, at);
      hold = verdict === 'hold';
      cut = verdict === 'cut';
      if (verdict !== 'forward') break;
      const length = bytes.readInt32BE(at);
      // A negative length is not Kafka: nothing can be said about what follows.
      this.passing = length < 0 ? Infinity : 4 + length;
    }
    this.kept = hold || cut ? Buffer.alloc(0) : bytes.subarray(at);
    return { forward: at > 0 ? [bytes.subarray(0, at)] : [], hold, cut };
  }

  private judgeAt(bytes: Buffer, at: number): 'forward' | 'hold' | 'cut' | 'incomplete' {
    const there = bytes.length - at;
    if (there < 4) return 'incomplete';
    const frameBytes = 4 + bytes.readInt32BE(at);
    // Too short to have a head, as tokens of an authentication may be.
    if (frameBytes < this.headBytes) return 'forward';
    if (there < this.headBytes) return 'incomplete';
    const verdict = this.judge(bytes.subarray(at, at + frameBytes), frameBytes);
    return typeof verdict === 'string' ? verdict : 'incomplete';
  }
}

/** Behind the client id, the group is the first field of the request. */
function groupOf(frame: Buffer): string | undefined {
  if (frame.readInt16BE(6) >= FIRST_FLEXIBLE_OFFSET_COMMIT) return undefined;
  const client = REQUEST_HEAD_BYTES;
  const group = client + 2 + Math.max(0, frame.readInt16BE(client));
  return frame.toString('utf8', group + 2, group + 2 + frame.readInt16BE(group));
}
