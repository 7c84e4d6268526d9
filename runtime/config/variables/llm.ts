import { isBaseUrl } from '../url-values';
import { LOCAL_STACK, matching, name, oneOf, perModel, text, url, wholeNumber } from './kinds';

export const llm = {
  OPENAI_API_KEY: matching(
    /^[!-~]+$/,
    'an API key: ASCII, without white space',
    'Key for the LLM provider. Not needed when `OPENAI_BASE_URL` names one without keys.',
    `the simulator of ${LOCAL_STACK}`,
    true,
  ),
  OPENAI_BASE_URL: url(
    isBaseUrl,
    'an http or https URL without user name, `?` and `#`',
    'Another provider that speaks the OpenAI API; see [LLM](../llm.md#providers) and `LLM_MODE`.',
    'that of OpenAI',
  ),
  OPENAI_MODEL: name('gpt-5.4-mini', 'Model that answers, where a pipeline does not name its own.'),
  LLM_MODE: oneOf(
    ['background', 'inline', 'chat-completions', 'auto'],
    'background',
    'How calls are made. `background`: the provider keeps the call, and a crash costs nothing. `inline`: for providers ' +
      'without background mode; the worker holds a request open for each call. `chat-completions`: the same, for providers ' +
      'without the Responses API. `auto`: finds out with the first calls.',
  ),
  LLM_RECORD: text(
    'Folder. Writes every exchange with the LLM into it, a file each, without keys. Prompts and answers are in them.',
    'nothing is recorded',
  ),
  LLM_REPLAY: text(
    'Folder. Answers out of a recording in it instead of asking an LLM. For tests.',
    'the LLM is asked',
  ),
  LLM_START_CONCURRENCY: wholeNumber(
    1,
    1_000,
    64,
    'LLM calls being created at a time in one worker, in the background mode.',
  ),
  LLM_REQUESTS_PER_MINUTE: perModel(
    'Calls a minute that all workers together may make; see [LLM](../llm.md#shared-budgets). The same in every worker.',
  ),
  LLM_TOKENS_PER_MINUTE: perModel('Tokens a minute that these calls may use.'),
  LLM_TENANT_DAILY_COST_USD: matching(
    /^\s*(\d{1,9}(\.\d{1,6})?|[^=,]{1,64}=\s*\d{1,9}(\.\d{1,6})?\s*(,[^=,]{1,64}=\s*\d{1,9}(\.\d{1,6})?\s*)*)$/,
    'an amount such as `5` for each tenant, or `tenant=amount` for several, separated by commas, with `*` for all others',
    'US dollars that the LLM calls of a tenant may cost in a day (UTC), in all workers together; see [LLM](../llm.md#ceilings). Needs ' +
      '`LLM_PRICES`. The same in every worker.',
    'no ceiling',
  ),
  LLM_PRICES: matching(
    /^\s*(\{[^]*|[^\s{][^]*)$/,
    'a JSON table of prices, or the path of a file with it',
    'What models cost, for the cost in results and metrics; see [LLM](../llm.md#money). None is built in.',
    'costs are not known',
  ),
};
