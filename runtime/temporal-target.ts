import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { messageOf } from '../contracts/errors';
import type { ConfigProblems } from './config/problems';
import type { Environment } from './config/environment';
import type { LocalStack } from './local-stack';

type ConnectionOptions = ClientConnectConfig['connectionOptions'];

export interface TemporalTarget {
  address: string;
  namespace: string;
  apiKey?: string;
  tls?: ConnectionOptions['tls'];
  /** Headers of every request. */
  metadata?: ConnectionOptions['metadata'];
}

/**
 * Which Temporal server to use: one that is named on purpose (address, profile or file), then that of the local
 * stack, then the default profile of the user. The last two in this order, since a profile that lies around for
 * something else must not receive the workflows of a demo.
 */
export function readTemporalTarget(
  v: Environment,
  given: Record<string, string>,
  stack: LocalStack | undefined,
  problems: ConfigProblems,
): TemporalTarget {
  const explicit = v.TEMPORAL_ADDRESS ?? v.TEMPORAL_PROFILE ?? v.TEMPORAL_CONFIG_FILE;
  if (!explicit && stack?.temporalAddress) return localTarget(v, stack.temporalAddress, stack);

  checkClientCertificate(v, problems);
  const profile = readProfile(v, given, problems);
  if (!profile) return { address: '', namespace: '' };
  const { address, apiKey, tls, metadata } = profile.connectionOptions;
  if (!address) {
    if (stack?.temporalAddress) return localTarget(v, stack.temporalAddress, stack);
    problems.missing('TEMPORAL_ADDRESS');
  }
  return {
    address: address ?? '',
    namespace: profile.namespace ?? 'default',
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    tls,
    metadata,
  };
}

/** The local server has neither TLS nor keys, whatever the environment holds for another one. */
function localTarget(v: Environment, address: string, stack: LocalStack): TemporalTarget {
  return { address, namespace: v.TEMPORAL_NAMESPACE ?? stack.temporalNamespace ?? 'default', tls: false };
}

function readProfile(v: Environment, given: Record<string, string>, problems: ConfigProblems) {
  try {
    return loadClientConnectConfig({ overrideEnvVars: given });
  } catch (error) {
    if (v.TEMPORAL_PROFILE && messageOf(error).startsWith('Profile ')) {
      problems.add('TEMPORAL_PROFILE', 'must be the name of a profile in the TOML file');
    } else if (isFileError(error)) {
      problems.add(
        'TEMPORAL_TLS',
        'has a TEMPORAL_TLS_..._PATH beside it, or in the profile, that cannot be read',
      );
    } else {
      // The text of a parse error quotes the file, which may hold keys.
      problems.add('TEMPORAL_CONFIG_FILE', 'must be a TOML file as `temporal config` writes it');
    }
    return undefined;
  }
}

/** envconfig drops a certificate without its key silently, and the server's refusal names neither. */
function checkClientCertificate(v: Environment, problems: ConfigProblems): void {
  const cert = v.TEMPORAL_TLS_CLIENT_CERT_PATH ?? v.TEMPORAL_TLS_CLIENT_CERT_DATA;
  const key = v.TEMPORAL_TLS_CLIENT_KEY_PATH ?? v.TEMPORAL_TLS_CLIENT_KEY_DATA;
  if (cert && !key) {
    problems.add('TEMPORAL_TLS_CLIENT_KEY_PATH', 'must be set beside the client certificate');
  }
  if (key && !cert) {
    problems.add('TEMPORAL_TLS_CLIENT_CERT_PATH', 'must be set beside the key of the client certificate');
  }
}

function isFileError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}
