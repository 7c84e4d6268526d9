import { policySchema } from '../../contracts/policy';

describe('the policy of a pipeline', () => {
  it('is complete when nothing is said', () => {
    expect(policySchema.parse({})).toEqual({
      enrich: { timeoutMs: 5_000, attempts: 5 },
      llm: {
        timeoutMs: 180_000,
        maxOutputTokens: 4_096,
        attempts: 5,
        repairAttempts: 2,
        backoffMs: 1_000,
        maxBackoffMs: 120_000,
      },
      postProcess: { timeoutMs: 5_000, attempts: 5, deterministic: false },
      giveUpAfterMs: 86_400_000,
    });
  });

  it('completes what is said in part', () => {
    const { llm, enrich } = policySchema.parse({ llm: { attempts: 9 } });
    expect(llm).toEqual({ ...policySchema.parse({}).llm, attempts: 9 });
    expect(enrich).toEqual(policySchema.parse({}).enrich);
  });

  it.each([
    [{ model: 'a b' }, 'model'],
    [{ fallbackModel: '' }, 'fallbackModel'],
    [{ model: 'one', fallbackModel: 'one' }, 'fallbackModel'],
    [{ maxOutputTokens: 100, raisedOutputTokens: 99 }, 'raisedOutputTokens'],
  ])('is refused with the field that cannot be: %j', (llm, field) => {
    const { error } = policySchema.safeParse({ llm });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([`llm.${field}`]);
  });

  it('is not changed by being read again, as it travels in the input of a workflow', () => {
    const policy = policySchema.parse({ postProcess: { deterministic: true } });
    expect(policySchema.parse(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  });

  it.each([
    [{ llm: { timeoutMs: 0 } }],
    [{ llm: { timeoutMs: 1.5 } }],
    [{ llm: { attempts: 0 } }],
    [{ llm: { repairAttempts: -1 } }],
    [{ llm: { timeout: 1 } }],
    [{ giveUpAfterMs: -1 }],
    [{ publish: {} }],
  ])('is refused when it makes no sense: %j', (policy) => {
    expect(policySchema.safeParse(policy).success).toBe(false);
  });

  it('may do without repair attempts', () => {
    expect(policySchema.parse({ llm: { repairAttempts: 0 } }).llm.repairAttempts).toBe(0);
  });
});
