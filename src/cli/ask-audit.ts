import { connectTo } from '../app.ts'
import { readConfig } from '../config.ts'
import type { AskAutentico } from './export-pack.ts'

/**
 * Asks the Autentico of the environment (`AUTENTICO_*`) for the lines of its audit log since an incident was opened: those about the
 * account, and those by which anything was changed. Throws ConfigError where bot and worker are not configured in one place, and what
 * Autentico's refusals throw.
 */
export function askAutentico(env: NodeJS.ProcessEnv): AskAutentico {
  const { config, secrets } = readConfig(env)
  const { autentico: configured } = config
  if (configured === undefined) throw new Error('a program in both roles always has an Autentico')
  return async ({ since, target }) => {
    await using autentico = connectTo(configured, secrets)
    const until = new Date()
    const window = { since: new Date(since), until }
    const [about, changes] = await Promise.all([
      autentico.audit.ofAccount(target, window),
      autentico.audit.changes(window),
    ])
    const source = `asked ${until.toISOString()}`
    return { at: until.toISOString(), rows: [...about, ...changes].map((row) => ({ ...row, source })) }
  }
}
