import { deadLetterSchema, toDeadLetterHeaders, type DeadLetter } from '../../contracts/dead-letter';

const letter: DeadLetter = {
  topic: 'x-jobs-queue',
  partition: 3,
  offset: '9223372036854775807',
  group: 'headway',
  message: 'pipeline: "brief" is not installed; known: company-brief',
  class: 'HW_PIPELINE_UNKNOWN',
  stage: 'bridge',
  timestamp: '2026-01-01T00:00:00.000Z',
};

describe('the headers of a dead letter', () => {
  it('have the names of KIP-1191, and three of our own', () => {
    expect(toDeadLetterHeaders(letter)).toEqual({
      '__dlq.errors.topic': 'x-jobs-queue',
      '__dlq.errors.partition': '3',
      '__dlq.errors.offset': '9223372036854775807',
      '__dlq.errors.group': 'headway',
      '__dlq.errors.message': 'pipeline: "brief" is not installed; known: company-brief',
      '__dlq.errors.class': 'HW_PIPELINE_UNKNOWN',
      '__dlq.errors.stage': 'bridge',
      '__dlq.errors.timestamp': '2026-01-01T00:00:00.000Z',
    });
  });

  it('carry every field of the contract', () => {
    expect(Object.keys(toDeadLetterHeaders(letter))).toHaveLength(Object.keys(deadLetterSchema.shape).length);
  });
});

describe('a dead letter', () => {
  it('has a class from the registry of errors', () => {
    expect(deadLetterSchema.parse(letter)).toEqual(letter);
    expect(deadLetterSchema.safeParse({ ...letter, class: 'HW_NO_SUCH_CODE' }).success).toBe(false);
  });
});
