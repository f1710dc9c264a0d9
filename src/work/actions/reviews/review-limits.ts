import { readEnvironment } from '#/autentico/environment-file.ts'
import { isFailure } from '#/autentico/failures.ts'
import { reading } from './reading.ts'

/** What Autentico limits by itself, with the values in force as far as they can be seen, and what it does not limit. */
export const reviewLimits = reading('review-limits', async ({ autentico, reach }) => {
  const [settings, running] = await Promise.all([autentico.settings.read(), valuesOf(reach.environment?.file)])
  const attempts = settings.get('account_lockout_max_attempts') ?? 'unknown'
  const duration = settings.get('account_lockout_duration') ?? 'unknown'
  return {
    did: [
      `An account is locked for ${duration} after ${attempts} wrong passwords: anybody who knows a username can lock its owner out.`,
      `Sign-in, tokens and sign-in codes: ${running('AUTENTICO_RATE_LIMIT_RPS', '5')} requests a second (burst ${running('AUTENTICO_RATE_LIMIT_BURST', '10')}) and ${running('AUTENTICO_RATE_LIMIT_RPM', '20')} a minute (burst ${running('AUTENTICO_RATE_LIMIT_RPM_BURST', '20')}) for each address, all together. Releases before v1.0.8 have no such limit.`,
      'Not limited at all: the admin API, sign-up, passkey registration, the callback of other providers, discovery and keys.',
    ],
    notes: [
      'The address is the first one in X-Forwarded-For, which anybody can write: the proxy has to overwrite it (nginx: proxy_set_header X-Forwarded-For $remote_addr), or the limit is none.',
      'Services that ask Autentico about tokens from one address share one budget, and can be limited by their own load.',
    ],
  }
})

/** The values of the environment file where it can be read, and the defaults with a word that they are. */
async function valuesOf(file: string | undefined): Promise<(name: string, fallback: string) => string> {
  if (file === undefined) return (_name, fallback) => `${fallback} by default`
  try {
    const environment = await readEnvironment(file)
    return (name, fallback) => {
      const value = environment.valueOf(name)
      return value === undefined || !/^\d{1,6}$/.test(value) ? fallback : value
    }
  } catch (error) {
    if (!isFailure(error)) throw error
    return (_name, fallback) => `${fallback} by default`
  }
}
