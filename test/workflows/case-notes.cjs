/** Confidential pipeline, for built processes (HEADWAY_PIPELINES). Whatever it makes or throws repeats what the job is about. */
const { z } = require('zod');
const { definePipeline, PermanentError } = require('../../dist/pipelines/define-pipeline.js');

exports.caseNotes = definePipeline({
  name: 'case-notes',
  request: z.object({ text: z.string(), goesWrong: z.string().optional() }),
  response: z.object({ verdict: z.string() }),
  enrich: ({ text, goesWrong }) => {
    if (goesWrong === 'enrich') throw new Error(`nobody knows about ${text}`);
    if (goesWrong === 'enrich for good') throw new PermanentError(`nobody may know about ${text}`);
    return { found: `a file on ${text}` };
  },
  prompt: ({ text }, { found }) => ({ instructions: `Judge with ${found}.`, input: text }),
  postProcess: ({ verdict }, { input: { text, goesWrong } }) => {
    if (goesWrong === 'post-process') throw new Error(`cannot score ${text}`);
    return `${verdict} | ${text}`;
  },
  policy: {
    confidential: true,
    enrich: { attempts: 2 },
    llm: { repairAttempts: 1, attempts: 2, backoffMs: 200 },
    postProcess: { attempts: 2 },
  },
});
