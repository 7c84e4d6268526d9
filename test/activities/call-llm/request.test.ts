import { toRequest } from '../../../activities/call-llm/request';
import { companyBrief } from '../../../pipelines/company-brief/pipeline';
import type { WebSearchTool } from '../../../pipelines/define-pipeline';
import { llmCall, testPipeline } from '../support';

describe('the request of a call', () => {
  it('asks the model what the pipeline says', () => {
    const request = toRequest(llmCall({ jobId: 'order-17', attempt: 3 }), testPipeline(), 'gpt-5');
    expect(request).toMatchObject({
      model: 'gpt-5',
      instructions: 'Be brief.',
      input: 'Who is it?',
      max_output_tokens: 1_000,
      metadata: { headway_job_id: 'order-17', headway_attempt: '3' },
    });
  });

  it('asks the model that the call names', () => {
    expect(toRequest(llmCall({ model: 'another' }), testPipeline(), 'gpt-5').model).toBe('another');
  });

  it('says which prompt it carries, where the pipeline tells', () => {
    const prompt = { instructions: 'Be brief.', input: 'Who?', version: 'system v3 0a1b2c' };
    const { metadata } = toRequest(llmCall({ prompt }), testPipeline(), 'm');
    expect(metadata).toMatchObject({ headway_prompt: 'system v3 0a1b2c' });
    expect(toRequest(llmCall(), testPipeline(), 'm').metadata).not.toHaveProperty('headway_prompt');
  });

  it('wants the answer as JSON of a strict schema', () => {
    expect(toRequest(llmCall(), testPipeline(), 'm').text?.format).toMatchObject({
      type: 'json_schema',
      name: 'test_brief',
      strict: true,
      schema: {
        type: 'object',
        properties: { summary: { type: 'string' }, score: { type: 'number' } },
        required: ['summary', 'score'],
        additionalProperties: false,
      },
    });
  });

  it('has room for a schema of every pipeline that is shipped', () => {
    const { text } = toRequest(llmCall({ pipeline: companyBrief.name }), companyBrief, 'm');
    expect(text?.format).toMatchObject({ type: 'json_schema', name: 'company_brief', strict: true });
    expect(JSON.parse(JSON.stringify(text))).toMatchObject({ format: { schema: { type: 'object' } } });
  });

  it('shows the model its bad answer and what is wrong with it', () => {
    const repair = { answer: '{"score": "high"}', problem: 'answer.score: must be a number' };
    expect(toRequest(llmCall({ repair, attempt: 2 }), testPipeline(), 'm').input).toEqual([
      { role: 'user', content: 'Who is it?' },
      { role: 'assistant', content: '{"score": "high"}' },
      { role: 'user', content: expect.stringContaining('answer.score: must be a number') },
    ]);
  });

  it.each<[WebSearchTool, object]>([
    [{ type: 'web_search' }, { type: 'web_search' }],
    [
      {
        type: 'web_search',
        allowedDomains: ['example.com'],
        searchContextSize: 'low',
        userLocation: { country: 'CH', city: 'Basel' },
      },
      {
        type: 'web_search',
        filters: { allowed_domains: ['example.com'] },
        search_context_size: 'low',
        user_location: { type: 'approximate', country: 'CH', city: 'Basel' },
      },
    ],
  ])('gives the model the tool %j', (tool, expected) => {
    const body: unknown = JSON.parse(
      JSON.stringify(toRequest(llmCall(), testPipeline({ tools: [tool] }), 'm')),
    );
    expect(body).toMatchObject({ include: ['web_search_call.action.sources'] });
    expect(body).toHaveProperty('tools', [expected]);
  });

  it('asks for no search results when the pipeline has no tools', () => {
    const request = toRequest(llmCall(), testPipeline(), 'm');
    expect([request.tools, request.include]).toEqual([[], undefined]);
  });
});
