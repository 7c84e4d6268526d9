import { cancelWhereItIs } from '../../../bridge/jobs/cancel-where-it-is';
import { HeadwayError } from '../../../contracts/errors';
import type { JobStatus, JobView } from '../../../contracts/job-view';

const viewIn = (workflowId: string, status: JobStatus = 'in_progress') =>
  ({ id: 'j', status, workflow: { id: workflowId } }) as JobView;

const ended = new HeadwayError('HW_JOB_ENDED', 'job j has ended already');

/** Where the cancel was tried, and how it came out. Workflows that are not `open` answer that the job has ended. */
async function cancel({ open, then }: { open: string[]; then: JobView[] }) {
  const asked: string[] = [];
  const outcome = await cancelWhereItIs(viewIn('pack'), {
    look: () => {
      const next = then.shift();
      return next ? Promise.resolve(next) : Promise.reject(new Error('nobody tells'));
    },
    cancelAt: (workflowId) => {
      asked.push(workflowId);
      return open.includes(workflowId) ? Promise.resolve() : Promise.reject(ended);
    },
  }).then(
    () => 'cancelled',
    (error: unknown) => error,
  );
  return { asked, outcome };
}

test('a job that has just left its pack as the last one is cancelled where it went', async () => {
  expect(await cancel({ open: ['j'], then: [viewIn('j')] })).toEqual({
    asked: ['pack', 'j'],
    outcome: 'cancelled',
  });
});

test('a job that has ended is told to have ended', async () => {
  expect(await cancel({ open: [], then: [viewIn('pack', 'completed')] })).toEqual({
    asked: ['pack'],
    outcome: ended,
  });
  expect(await cancel({ open: [], then: [viewIn('j', 'failed')] })).toEqual({
    asked: ['pack'],
    outcome: ended,
  });
});

test('a workflow that has ended with a job still in it is not asked again', async () => {
  expect(await cancel({ open: [], then: [viewIn('pack')] })).toEqual({ asked: ['pack'], outcome: ended });
});

test('where nobody can tell what became of it, the answer stays what it was', async () => {
  expect(await cancel({ open: [], then: [] })).toEqual({ asked: ['pack'], outcome: ended });
});

test('it gives up on a job that is somewhere else each time', async () => {
  const then = ['a', 'b', 'c', 'd', 'e'].map((workflowId) => viewIn(workflowId));
  expect(await cancel({ open: [], then })).toEqual({ asked: ['pack', 'a', 'b', 'c'], outcome: ended });
});

test('trouble of another kind is told as it is', async () => {
  const away = new HeadwayError('HW_NO_WORKER', 'no worker');
  const look = jest.fn();
  const outcome = cancelWhereItIs(viewIn('pack'), { look, cancelAt: () => Promise.reject(away) });
  await expect(outcome).rejects.toBe(away);
  expect(look).not.toHaveBeenCalled();
});
