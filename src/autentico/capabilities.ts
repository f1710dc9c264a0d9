import { z } from 'zod'
import type { Audit } from './audit.ts'
import type { AdminClient } from './client.ts'
import type { AutenticoDatabase } from './database.ts'
import { isFailure, UnexpectedAnswer } from './failures.ts'
import { path } from './paths.ts'
import type { Settings } from './settings.ts'
import { readBearer } from './token.ts'
import type { Account, Users } from './users.ts'

/** One thing looked at, with a sentence for people that says what it means and, if it is not well, what to do. */
export type Finding = {
  readonly name: 'transport' | 'admin-api' | 'bot' | 'mfa-of-bot' | 'lookup' | 'audit' | 'database' | 'settings'
  readonly ok: boolean | 'unknown'
  readonly sentence: string
}

/** What this Autentico and this machine make possible. */
export type Capabilities = {
  /** Reachable, new enough, and the bot is an administrator there. Without it nothing runs. */
  readonly adminApi: boolean
  /** Usable, and proven to be the file of this very server. */
  readonly database: boolean
  /** `POST /admin/api/users/lookup` exists. */
  readonly lookup: boolean
  readonly auditing: boolean | 'unknown'
  /** The bot's own account, where the admin API answers. */
  readonly bot: Account | undefined
  /** Features told by the presence of their setting. */
  readonly magicLinks: boolean
  readonly discoverablePasskeys: boolean
  readonly findings: readonly Finding[]
}

export type CapabilityDeps = {
  readonly url: URL
  readonly client: AdminClient
  readonly users: Users
  readonly audit: Audit
  readonly settings: Settings
  readonly database: AutenticoDatabase | undefined
}

/** Looks, changes nothing, and never throws for what it finds: every failure becomes a finding. */
export async function detectCapabilities(deps: CapabilityDeps): Promise<Capabilities> {
  const api = await reach(deps)
  const bot = api.bot
  const nothing: Finding[] = []
  if (bot === undefined) {
    const database: Finding = { name: 'database', ok: 'unknown', sentence: 'Not looked at: the admin API comes first.' }
    const findings = [transportOf(deps.url), ...api.findings, ...(deps.database === undefined ? nothing : [database])]
    return { ...noCapabilities, findings }
  }

  const lookup = await lookupOf(deps, bot)
  const audit = await auditOf(deps)
  const settings = await settingsOf(deps)
  const database = await databaseOf(deps, bot)
  return {
    adminApi: true,
    database: database.ok === true,
    lookup: lookup.ok === true,
    auditing: audit.ok,
    bot,
    magicLinks: settings.keys.has('magic_link_enabled'),
    discoverablePasskeys: settings.keys.has('passkey_login_mode'),
    findings: [transportOf(deps.url), ...api.findings, lookup, audit, settings.finding, database],
  }
}

const noCapabilities: Omit<Capabilities, 'findings'> = {
  adminApi: false,
  database: false,
  lookup: false,
  auditing: 'unknown',
  bot: undefined,
  magicLinks: false,
  discoverablePasskeys: false,
}

function transportOf(url: URL): Finding {
  const near = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || near
    ? { name: 'transport', ok: true, sentence: `Autentico is addressed at ${url.origin}.` }
    : {
        name: 'transport',
        ok: false,
        sentence: `Autentico is addressed at ${url.origin} without TLS: passwords and tokens cross the network in clear. Use https, or run the worker beside Autentico.`,
      }
}

async function reach(deps: CapabilityDeps): Promise<{ readonly bot?: Account; readonly findings: readonly Finding[] }> {
  try {
    // The newest of the calls the bot cannot do without: an older Autentico answers it with a page.
    await deps.client.call({
      method: 'GET',
      to: path`/admin/api/idp-sessions`,
      query: { limit: 1 },
      expect: 200,
      answer: z.object({ data: z.object({ total: z.number() }) }),
    })
    const { userId } = readBearer(await deps.client.bearer())
    const bot = await deps.users.read(userId)
    if (bot === undefined) {
      const sentence = 'The admin API answers, but does not show the bot its own account; the bot could not spare it.'
      return { findings: [{ name: 'bot', ok: false, sentence }] }
    }
    return { bot, findings: [reached, botFinding(bot), mfaFinding(bot)] }
  } catch (error) {
    return { findings: [{ name: 'admin-api', ok: false, sentence: sentenceOf(error) }] }
  }
}

const reached: Finding = { name: 'admin-api', ok: true, sentence: 'The admin API answers and is new enough.' }

function botFinding(bot: Account): Finding {
  return bot.role === 'admin'
    ? { name: 'bot', ok: true, sentence: `The bot is ${bot.username} (${bot.id}), an administrator.` }
    : {
        name: 'bot',
        ok: false,
        sentence: `The bot is ${bot.username} (${bot.id}) with the role ${bot.role}; it needs admin.`,
      }
}

function mfaFinding(bot: Account): Finding {
  return bot.totpVerified
    ? { name: 'mfa-of-bot', ok: true, sentence: 'The account of the bot has TOTP.' }
    : {
        name: 'mfa-of-bot',
        ok: false,
        sentence:
          'The account of the bot has no TOTP: its password alone is an administrator, and requiring MFA of everybody would lock the bot out.',
      }
}

async function lookupOf(deps: CapabilityDeps, bot: Account): Promise<Finding> {
  try {
    await deps.client.call({
      method: 'POST',
      to: path`/admin/api/users/lookup`,
      body: { ids: [bot.id] },
      expect: 200,
      answer: z.object({ data: z.object({ items: z.array(z.object({ id: z.literal(bot.id) })) }) }),
      onlyReads: true,
    })
    return { name: 'lookup', ok: true, sentence: 'Accounts can be looked up exactly.' }
  } catch (error) {
    const sentence = sentenceOf(error)
    if (!(error instanceof UnexpectedAnswer)) return { name: 'lookup', ok: 'unknown', sentence }
    return {
      name: 'lookup',
      ok: false,
      sentence:
        'This Autentico has no exact look-up (no release up to 2.1.3 has); the bot searches and compares instead.',
    }
  }
}

async function auditOf({ audit }: CapabilityDeps): Promise<Finding & { readonly name: 'audit' }> {
  try {
    const { on, sentence } = await audit.auditing()
    return { name: 'audit', ok: on, sentence }
  } catch (error) {
    return { name: 'audit', ok: 'unknown', sentence: sentenceOf(error) }
  }
}

async function settingsOf({
  settings,
}: CapabilityDeps): Promise<{ readonly keys: ReadonlySet<string>; readonly finding: Finding }> {
  try {
    const all = await settings.read()
    const mfa = all.get('require_mfa') === 'true' ? 'required of everybody' : 'not required'
    const devices = all.get('trust_device_enabled') === 'true' ? 'may skip it' : 'do not matter'
    const sentence = `MFA is ${mfa}; trusted devices ${devices}.`
    return { keys: new Set(all.keys()), finding: { name: 'settings', ok: true, sentence } }
  } catch (error) {
    return { keys: new Set(), finding: { name: 'settings', ok: 'unknown', sentence: sentenceOf(error) } }
  }
}

async function databaseOf({ client, database }: CapabilityDeps, bot: Account): Promise<Finding> {
  const name = 'database'
  if (database === undefined) {
    const sentence =
      'No database (`AUTENTICO_DB_PATH`): passkeys, trusted devices, pending codes and links cannot be removed; such steps offer suspension and stay not proven.'
    return { name, ok: false, sentence }
  }
  try {
    const capability = await database.capability()
    if (!capability.usable) return { name, ok: false, sentence: capability.reason }
    const stored = await database.account(bot.id)
    if (stored?.username !== bot.username || !(await database.knowsToken(await client.bearer()))) {
      const sentence = `The database ${database.path} is not the one of this server: it does not have the bot's account and the token just issued to it. A copy or another server's file would be changed in vain.`
      return { name, ok: false, sentence }
    }
    const note = capability.newerThanKnown
      ? ', newer than any this bot was made for: doors that it does not know may stay open'
      : ''
    return {
      name,
      ok: true,
      sentence: `The database is this server's and can be changed (schema ${capability.schema}${note}).`,
    }
  } catch (error) {
    return { name, ok: 'unknown', sentence: sentenceOf(error) }
  }
}

function sentenceOf(error: unknown): string {
  if (isFailure(error)) return error.message
  throw error
}
