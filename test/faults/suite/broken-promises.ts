import { hasSlowedDown, type Latency } from './latency';
import type { RunReport } from './report';

/** What the verdict is made of. `missing`: ids of acknowledged jobs without a result. */
export type Findings = Omit<RunReport, 'broken'> & { missing: string[] };

/** One sentence for each promise that was broken, and for each check that had nothing to check. */
export function brokenPromises(findings: Findings): string[] {
  return [...broken(findings), ...unseen(findings)]
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`);
}

type Finding = [count: number, text: string];

function broken(findings: Findings): Finding[] {
  const { segments, strikes, missing, watermark, chain, replay, audit } = findings;
  const failed = strikes.flatMap(({ fault, outcome, effect }) =>
    outcome === 'failed' ? `${fault}: ${effect}` : [],
  );
  const doubled = segments.reduce((sum, segment) => sum + segment.doubled, 0);
  const innocent = segments.flatMap(({ faults, failed }) =>
    Object.entries(failed).map(([code, count]) => `${faults}: ${count} ${code}`),
  );
  const { running, waiting } = audit.records;
  const { latencyAtFirst: atFirst } = findings;
  const slower = segments.flatMap(({ faults, latencyAfter: after }) =>
    after && hasSlowedDown(atFirst, after)
      ? `${faults}: ${describeLatency(after)} instead of ${describeLatency(atFirst)}`
      : [],
  );
  return [
    [missing.length, `jobs without a result: ${first(missing, 10)}`],
    [doubled, 'jobs with results that differ'],
    [slower.length, `faults after which jobs went on taking longer: ${first(slower)}`],
    [failed.length, `strikes after which something was not as it should be: ${first(failed)}`],
    [innocent.length, `kinds of failures of jobs that nothing was wrong with: ${innocent.join('; ')}`],
    [
      findings.unexplainedLlmCalls.length,
      `jobs with LLM calls repeated that nothing interrupted: ${first(findings.unexplainedLlmCalls)}`,
    ],
    [
      watermark.violations.length,
      `offsets committed too early: ${JSON.stringify(watermark.violations.slice(0, 5))}`,
    ],
    [chain.problems.length, `records not in one pack: ${first(chain.problems)}`],
    [replay.problems.length, `workflows that do not replay: ${first(replay.problems, 3)}`],
    [audit.ok ? 0 : 1, `audit that is not content: ${JSON.stringify(audit)}`],
    [running + waiting, 'records that the audit finds under way when all should be done'],
    [findings.openWorkflows.length, `workflows still open: ${first(findings.openWorkflows)}`],
    [
      findings.stuckInCalm.length,
      `workflows that stood still without a reason: ${first(findings.stuckInCalm, 3)}`,
    ],
    [
      findings.unexpectedExits.length,
      `processes that ended otherwise than they should: ${first(findings.unexpectedExits, 3)}`,
    ],
  ];
}

/** A check that saw nothing has shown nothing. */
function unseen(findings: Findings): Finding[] {
  const { segments, strikes, watermark, chain, replay, audit } = findings;
  const { recordsVerified, unverified, violations, trouble } = watermark;
  const none = (count: number) => (count === 0 ? 1 : 0);
  return [
    [
      none(strikes.filter(({ outcome }) => outcome === 'struck').length),
      'verdict without a single strike that had an effect',
    ],
    [
      none(segments.length) + segments.filter(({ jobs }) => jobs === 0).length,
      'stretches without a single job',
    ],
    [
      none(findings.latencyAtFirst.jobs) +
        segments.filter(({ latencyAfter }) => latencyAfter?.jobs === 0).length,
      'stretches of calm without a single job',
    ],
    [
      segments.filter(({ latencyAfter }) => latencyAfter === undefined).length,
      'faults after which it never became calm: jobs or workflows were still open',
    ],
    [none(chain.records), 'chain check without a single record'],
    [none(replay.replayed), 'replay check without a single history'],
    [none(audit.records.received), 'audit without a single record'],
    [unverified, `records behind a commit that could not be checked: ${trouble ?? 'no reason is known'}`],
    [
      unverified === 0 && trouble !== undefined ? 1 : 0,
      `monitor of commits that was blind at the end: ${trouble}`,
    ],
    [
      chain.records - recordsVerified - violations.length - unverified,
      'records in the topic more than the monitor of commits ever judged',
    ],
  ];
}

function describeLatency({ medianMs, p90Ms }: Latency): string {
  return `median ${medianMs} ms, 90 % ${p90Ms} ms`;
}

function first(lines: string[], count = 5): string {
  return lines.slice(0, count).join('; ');
}
