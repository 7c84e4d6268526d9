import { z } from 'zod';
import { flag, matching, name, oneOf, text, variable, wholeNumber } from './kinds';

export const commandLine = {
  HEADWAY_URL: variable(
    z
      .string()
      .regex(/^https?:\/\/\S+$/, 'an http or https URL')
      .default('http://127.0.0.1:8080'),
    {
      about: 'Where `headway submit --via http` finds the HTTP door.',
      must: 'an http or https URL',
      otherwise: 'http://127.0.0.1:8080',
    },
  ),
  HEADWAY_API_KEY: matching(
    /^\S{1,512}$/,
    'an API key, without white space',
    'Key for that door; `headway api-key` makes one.',
    'no key',
    true,
  ),
};

export const operation = {
  STATUS_HOST: name('127.0.0.1', 'Address that `/healthz`, `/readyz` and `/metrics` listen on.'),
  STATUS_PORT: wholeNumber(0, 65_535, 0, 'Their port. 0 takes a free one; the log says which.'),
  STATUS_ALLOW_REMOTE: flag(
    false,
    'Allows a `STATUS_HOST` that other machines can reach, as a container needs. The pages carry no secrets.',
  ),
  METRICS_TENANTS_MAX: wholeNumber(
    0,
    10_000,
    100,
    'Tenants with a label of their own in the metrics of one process, the first that come; all further ones are `other`.',
  ),
  LOG_LEVEL: oneOf(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'The least severe lines that are logged.',
  ),
  LOG_FORMAT: oneOf(['auto', 'json', 'pretty'], 'auto', '`auto` is pretty on a terminal and JSON elsewhere.'),
  HEADWAY_STACK_FILE: text(
    'State file of the local stack.',
    '`.headway/stack.json` in the project, or where Headway is installed as a package, in the working folder',
  ),
  HEADWAY_EXIT_WITH_PARENT: flag(
    false,
    'Shut down when standard input closes, so that a process does not outlive the one that started it.',
  ),
};
