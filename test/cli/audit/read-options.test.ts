import { readSelection } from '../../../cli/audit/read-options';
import { selectRanges } from '../../../cli/audit/select-ranges';
import type { KafkaOffsets } from '../../../runtime/kafka/offsets';

const now = Date.parse('2026-01-31T12:00:00Z');

test('offsets are for all partitions, or for those named', () => {
  expect(readSelection({ from: '10', to: '0:300,2:50' }, now)).toEqual({
    from: 10,
    to: new Map([
      [0, 300],
      [2, 50],
    ]),
  });
});

test('times are ISO 8601, or how long ago', () => {
  expect(readSelection({ since: '2h', until: '2026-01-31T11:30:00Z' }, now)).toEqual({
    since: now - 7_200_000,
    until: now - 1_800_000,
  });
});

test.each([
  [{ from: 'start' }, '--from must be an offset'],
  [{ to: '0-5' }, '--to must be an offset'],
  [{ since: 'yesterday' }, '--since must be a time'],
  [{ until: '5' }, '--until must be a time'],
  [{ from: '5', to: '2' }, '--to must be an offset behind that of --from: 2 is not behind 5'],
  [{ from: '5', to: '5' }, '--to must be an offset behind'],
  [{ from: '0:1,3:5', to: '0:2,3:4' }, '4 is not behind 5 in partition 3'],
  [{ from: '5', to: '1:9,2:4' }, '4 is not behind 5 in partition 2'],
  [{ since: '1h', until: '2h' }, '--since must be a time before that of --until'],
])('%p is refused with a sentence that names the option', (given, sentence) => {
  expect(() => readSelection(given, now)).toThrow(sentence);
});

describe('the range that is audited', () => {
  /** Two partitions, 10-100 and 0-50; the group has committed 80 and nothing. */
  const offsets: KafkaOffsets = {
    topicExists: async () => true,
    partitions: async () => 2,
    ranges: async () => [
      { partition: 0, from: 10, to: 100 },
      { partition: 1, from: 0, to: 50 },
    ],
    offsetsAt: async (_, timestamp) =>
      new Map([
        [0, timestamp],
        [1, timestamp],
      ]),
    committed: async () => new Map([[0, 80]]),
  };
  const select = async (selection: Parameters<typeof selectRanges>[3], from = offsets) =>
    (await selectRanges(from, 't', 'g', selection)).ranges.map((range) => [
      range.from,
      range.to,
      range.committed,
    ]);

  test.each([
    [{}, [10, 100, 80], [0, 50, 0]],
    [{ from: 30, to: 1_000 }, [30, 100, 80], [30, 50, 0]],
    [{ from: new Map([[0, 20]]) }, [20, 100, 80], [50, 50, 0]],
    [{ to: new Map([[1, 20]]) }, [10, 10, 80], [0, 20, 0]],
    [{ since: 20, until: 40 }, [20, 40, 80], [20, 40, 0]],
    [{ from: 90, to: 40 }, [90, 90, 80], [90, 90, 0]],
  ])('%p is cut to what is there', async (selection, first, second) => {
    expect(await select(selection)).toEqual([first, second]);
  });

  test.each([[{ from: 100 }], [{ since: 1_000 }], [{ to: 0 }]])(
    '%p leaves nothing, which is said',
    async (selection) => {
      const { warnings } = await selectRanges(offsets, 't', 'g', selection);
      expect(warnings).toEqual([expect.stringContaining('nothing is audited')]);
    },
  );

  test('a range that leaves out some partitions is not warned of', async () => {
    expect((await selectRanges(offsets, 't', 'g', { from: new Map([[0, 99]]) })).warnings).toEqual([]);
  });

  test('a partition that does not exist is refused', async () => {
    await expect(select({ to: new Map([[2, 20]]) })).rejects.toThrow('--to names partition 2');
  });

  describe('what was deleted before the group had read it', () => {
    const made = { ...offsets, committed: async () => new Map([[0, 5]]) };
    const deletedUnread = async (selection?: Parameters<typeof selectRanges>[3], from = made) =>
      (await selectRanges(from, 't', 'g', selection)).deletedUnread;

    test('is told of', async () => {
      expect(await deletedUnread()).toEqual([{ partition: 0, from: 5, to: 10 }]);
      expect((await selectRanges(made, 't', 'g')).warnings).toEqual([
        expect.stringMatching(/^Partition 0: offsets 5 to 9 were deleted before the group had read them/),
      ]);
    });

    test.each([
      [{ from: 7 }, [{ partition: 0, from: 7, to: 10 }]],
      [{ to: 8 }, [{ partition: 0, from: 5, to: 8 }]],
      [{ from: 10 }, []],
      [{ from: new Map([[1, 0]]) }, []],
      [{ to: new Map([[1, 20]]) }, []],
      [{ since: 11 }, []],
      [{ since: 10 }, [{ partition: 0, from: 5, to: 10 }]],
      [{ until: 10 }, [{ partition: 0, from: 5, to: 10 }]],
    ])('as far as it was asked for: %p', async (selection, expected) => {
      expect(await deletedUnread(selection)).toEqual(expected);
    });

    test('is not what it had read, nor what it may have before it lost its offsets', async () => {
      expect(await deletedUnread({}, { ...offsets, committed: async () => new Map([[0, 10]]) })).toEqual([]);
      expect(await deletedUnread({}, { ...offsets, committed: async () => new Map() })).toEqual([]);
    });
  });

  test('an offset committed beyond the end is that of an earlier topic, and counts as none', async () => {
    const made = { ...offsets, committed: async () => new Map([[1, 51]]) };
    expect(await select({}, made)).toEqual([
      [10, 100, 10],
      [0, 50, 0],
    ]);
    expect((await selectRanges(made, 't', 'g')).warnings[0]).toContain('committed for partition 1, 51,');
  });
});
