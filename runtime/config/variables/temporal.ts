import { z } from 'zod';
import { HOST_PORT, LOCAL_STACK, matching, name, text, variable } from './kinds';

export const temporal = {
  TEMPORAL_ADDRESS: matching(
    new RegExp(`^${HOST_PORT}$`),
    '`host:port`',
    'Frontend of the Temporal server. Wins over a profile.',
    `${LOCAL_STACK}, then the default profile`,
  ),
  TEMPORAL_NAMESPACE: text('Namespace of the workflows.', 'that of the stack or the profile, then `default`'),
  TEMPORAL_API_KEY: text('API key, for Temporal Cloud. Turns TLS on.', 'not set', true),
  TEMPORAL_PROFILE: text(
    'Profile to read from the TOML file. Once given, it wins over the local stack.',
    '`default`',
  ),
  TEMPORAL_CONFIG_FILE: text(
    'TOML file with profiles. Once given, it wins over the local stack.',
    '`temporalio/temporal.toml` in the user’s configuration folder',
  ),
  TEMPORAL_TLS: variable(z.enum(['true', 'false', '1', '0'], { error: '`true` or `false`' }).optional(), {
    about: 'Connect with TLS.',
    must: '`true` or `false`',
    otherwise: '`true` with an API key or a certificate, else `false`',
  }),
  TEMPORAL_TLS_SERVER_NAME: text('Server name to expect in the certificate of the server.'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: text('PEM file of the authority that signed it.'),
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: text('The same, given directly.'),
  TEMPORAL_TLS_CLIENT_CERT_PATH: text('PEM file of the client certificate.'),
  TEMPORAL_TLS_CLIENT_CERT_DATA: text('The same, given directly.'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: text('PEM file of the key of the client certificate.'),
  TEMPORAL_TLS_CLIENT_KEY_DATA: text('The same, given directly.', 'not set', true),
  HEADWAY_TASK_QUEUE: name('headway', 'Task queue of the workflows and their short stages.'),
  HEADWAY_LLM_TASK_QUEUE: name('headway-llm', 'Task queue of the LLM activities.'),
};
