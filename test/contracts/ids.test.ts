import { jobIdOf, packWorkflowId } from '../../contracts/ids';

const first = { topic: 'x-jobs-queue', partition: 3, offset: '1042', timestamp: 1_767_225_600_123 };

describe('ids made from the coordinates of a record', () => {
  // Released: a redelivered record is recognised by these. If this test fails, the code is wrong and not the test.
  it('are frozen', () => {
    expect(packWorkflowId(first)).toBe('x-jobs-queue-3-1042-1767225600123');
    expect(jobIdOf(first)).toBe('x-jobs-queue:3:1042:1767225600123');
  });

  it('keep every digit of an offset beyond 2^53', () => {
    const far = { ...first, offset: '9223372036854775807' };
    expect(packWorkflowId(far)).toBe('x-jobs-queue-3-9223372036854775807-1767225600123');
    expect(jobIdOf(far)).toBe('x-jobs-queue:3:9223372036854775807:1767225600123');
    expect(packWorkflowId({ ...far, offset: '9223372036854775806' })).not.toBe(packWorkflowId(far));
  });

  it('tell a topic from its successor of the same name, whose offsets start over', () => {
    const later = { ...first, timestamp: first.timestamp + 1 };
    expect(packWorkflowId(later)).not.toBe(packWorkflowId(first));
    expect(jobIdOf(later)).not.toBe(jobIdOf(first));
  });

  it('of a pack never equal those of a job, whatever the topic is called', () => {
    const topics = ['a', 'a-1', 'a-1-2', '1', '1-1', 'a.b_c-9', '-', 'x-1-1-1'];
    const all = topics.flatMap((topic) =>
      [0, 1, 11].flatMap((partition) =>
        ['0', '1', '11'].map((offset) => ({ topic, partition, offset, timestamp: 1 })),
      ),
    );
    const packs = new Set(all.map(packWorkflowId));
    expect(all.map(jobIdOf).filter((id) => packs.has(id))).toEqual([]);
  });

  it('of a job differ for different records, as a topic name has no colon', () => {
    const all = ['a', 'a-1', '1'].flatMap((topic) =>
      [0, 1, 11].flatMap((partition) =>
        ['0', '1', '11', '110'].map((offset) => ({ topic, partition, offset, timestamp: 0 })),
      ),
    );
    expect(new Set(all.map(jobIdOf)).size).toBe(all.length);
  });

  it('fit into a workflow id of 255 characters for an ordinary topic name', () => {
    const longest = {
      topic: 't'.repeat(200),
      partition: 99_999,
      offset: '9223372036854775807',
      timestamp: 9_999_999_999_999,
    };
    expect(packWorkflowId(longest).length).toBeLessThanOrEqual(255);
  });
});
