import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readRulebook } from '#/deciders/governance.ts'
import { policyFinding } from '#/doors/governance-status.ts'
import { openStepUps } from '#/doors/step-ups.ts'
import { activeKeys } from '#/governance/state.ts'
import { scrub } from '#/incident/scrub.ts'
import { type LedgerReader, openLedgerReader } from '#/ledger/reader.ts'
import type { Policy } from '#/policy/policy.ts'
import { openLanes } from '#/slack/lanes.ts'
import { Roster } from '#/slack/roster.ts'
import { checkSetup } from '#/slack/startup-check.ts'
import { Workspace } from '#/slack/workspace.ts'
import { socketName, whyNoSocket } from '#/terminal/listen.ts'
import { reachFindings } from '#/work/reach-findings.ts'
import { checkRedis, impatientConnection } from '#/work/redis.ts'
import { connectTo, reachOf } from '../app.ts'
import { type Config, ConfigError, readConfig, type Secrets, type SlackConfig } from '../config.ts'
import { createLog } from '../log.ts'

/** One thing that was looked at. `warning`: it works, but something cannot be promised. */
export type Finding = {
  readonly part: 'configuration' | 'slack' | 'redis' | 'ledger' | 'policy' | 'terminal' | 'autentico' | 'step-up'
  readonly state: 'ok' | 'warning' | 'broken'
  readonly sentence: string
}

/**
 * Looks at the configuration and at everything it names, changes nothing, and says what to do about each thing. 0: ready. 1: something
 * is broken. Every problem is reported, not only the first.
 */
export async function doctor(
  around: { readonly env: NodeJS.ProcessEnv; readonly out: (text: string) => void },
  json: boolean,
): Promise<0 | 1> {
  const findings = await examine(around.env)
  if (json) around.out(`${JSON.stringify({ findings })}\n`)
  else
    for (const { part, state, sentence } of findings) around.out(`${marks[state]}  ${part.padEnd(13)}  ${sentence}\n`)
  return findings.some(({ state }) => state === 'broken') ? 1 : 0
}

const marks = { ok: 'ok     ', warning: 'warning', broken: 'BROKEN ' } as const

async function examine(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  let read: ReturnType<typeof readConfig>
  try {
    read = readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((sentence) => ({ part: 'configuration', state: 'broken', sentence }))
  }
  const { config, secrets } = read
  const [redis, slack, autentico, stepUp] = await Promise.all([
    aboutRedis(secrets),
    config.slack === undefined ? [] : aboutSlack(config.slack, { policy: config.policy, secrets }),
    config.autentico === undefined ? [] : aboutAutentico(config, secrets),
    config.stepUp === undefined ? [] : aboutStepUp(config, secrets),
  ])
  return [
    { part: 'configuration', state: 'ok', sentence: 'Complete.' },
    ...aboutLedger(config),
    ...redis,
    ...slack,
    ...autentico,
    ...stepUp,
  ]
}

function aboutLedger({ dataDir, role, policy }: Config): readonly Finding[] {
  if (role === 'worker') return []
  const file = join(dataDir, 'ledger.sqlite')
  if (!existsSync(file))
    return [{ part: 'ledger', state: 'ok', sentence: `There is none yet at ${file}; the bot makes it when it starts.` }]
  try {
    using reader = openLedgerReader({ file })
    return [
      {
        part: 'ledger',
        state: 'ok',
        sentence: `${reader.size()} entries at ${file}. \`responder verify\` recomputes them.`,
      },
      aboutPolicy(reader, policy),
      aboutTerminal(reader, join(dataDir, socketName)),
    ]
  } catch (error) {
    return [{ part: 'ledger', state: 'broken', sentence: messageOf(error) }]
  }
}

function aboutPolicy(reader: LedgerReader, configured: Policy): Finding {
  const { ok, sentence } = policyFinding(readRulebook(reader), configured)
  return { part: 'policy', state: ok ? 'ok' : 'warning', sentence }
}

/** Two people can act when Slack is down only if they have seen to it before. */
function aboutTerminal(reader: LedgerReader, socket: string): Finding {
  const trouble = whyNoSocket(socket)
  if (trouble !== undefined) return { part: 'terminal', state: 'warning', sentence: trouble }
  const people = new Map(activeKeys(readRulebook(reader)).map(({ person }) => [person.slack.user, `@${person.name}`]))
  const names = [...people.values()].join(', ')
  return people.size < 2
    ? {
        part: 'terminal',
        state: 'warning',
        sentence: `${names === '' ? 'Nobody' : `Only ${names}`} has registered a key, so nothing could be approved from a terminal when Slack is down. \`responder key make\`, then \`/autentico key\`.`,
      }
    : { part: 'terminal', state: 'ok', sentence: `Registered for when Slack is down: ${names}.` }
}

async function aboutRedis({ redisUrl }: Secrets): Promise<readonly Finding[]> {
  const redis = impatientConnection(redisUrl, createLog({ level: 'silent' }))
  try {
    if (redis.status !== 'ready') await ready(redis)
    await checkRedis(redis)
    return [{ part: 'redis', state: 'ok', sentence: 'It answers, is new enough, and never evicts.' }]
  } catch (error) {
    return [{ part: 'redis', state: 'broken', sentence: `${messageOf(error)}` }]
  } finally {
    redis.disconnect()
  }
}

async function ready(redis: ReturnType<typeof impatientConnection>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    redis.once('ready', resolve)
    redis.once('error', (error: Error & { readonly code?: string }) =>
      reject(
        new Error(
          `Redis does not answer at REDIS_URL (${error.code ?? error.name}). Start it, or correct the address.`,
        ),
      ),
    )
  })
}

async function aboutSlack(
  config: SlackConfig,
  { policy, secrets }: { readonly policy: Policy; readonly secrets: Secrets },
): Promise<readonly Finding[]> {
  const log = createLog({ level: 'silent' })
  await using lanes = openLanes({
    token: secrets.slackBotToken ?? '',
    log,
    ...(config.apiUrl === undefined ? {} : { apiUrl: config.apiUrl }),
  })
  const { responders, approvers, userMap: accounts } = config
  const workspace = new Workspace(lanes.lookUps)
  const roster = new Roster({
    settings: { responders, approvers, accounts },
    call: lanes.lookUps,
    workspace,
    world: { policy: () => policy, openIncidents: () => [] },
    log,
    monotonic: () => performance.now(),
  })
  const lists = [...responders, ...approvers, ...Object.values(policy.groups).flat()]
  const found = [
    ...(await checkSetup({
      workspace,
      lanes,
      channel: config.channel,
      usesGroups: lists.some((id) => id.startsWith('S')),
    })),
    ...(await roster.outOfReach()).map((sentence) => ({ fatal: false, sentence })),
  ]
  if (found.length === 0)
    return [
      {
        part: 'slack',
        state: 'ok',
        sentence: 'The token, its scopes and the incident channel are as they have to be.',
      },
    ]
  return found.map(({ fatal, sentence }) => ({ part: 'slack', state: fatal ? 'broken' : 'warning', sentence }))
}

async function aboutAutentico(config: Config, secrets: Secrets): Promise<readonly Finding[]> {
  if (config.autentico === undefined) return []
  await using autentico = connectTo(config.autentico, secrets)
  const { adminApi, findings } = await autentico.capabilities()
  return [
    ...findings.map(({ ok, sentence, name }): Finding => {
      const broken = ok === false && (name === 'admin-api' || name === 'bot')
      return { part: 'autentico', state: ok === true ? 'ok' : broken || !adminApi ? 'broken' : 'warning', sentence }
    }),
    ...(config.autentico.databasePath === undefined
      ? [
          {
            part: 'autentico',
            state: 'warning',
            sentence:
              'AUTENTICO_DB_PATH is not set: passkeys and other doors cannot be closed or proven closed; steps offer suspension instead.',
          } as const,
        ]
      : []),
    ...(await reachFindings(reachOf(config))).map(
      ({ ok, sentence }): Finding => ({ part: 'autentico', state: ok === true ? 'ok' : 'warning', sentence }),
    ),
    ...notReached(config),
  ]
}

async function aboutStepUp(config: Config, secrets: Secrets): Promise<readonly Finding[]> {
  // Nobody signs in here, so no worker is asked when they did.
  const accounts = { lastSignIn: async () => ({ kind: 'unavailable', why: '' }) as const }
  await using stepUps = await openStepUps({ config, secrets, accounts, log: createLog({ level: 'silent' }) })
  const trouble = await stepUps.trouble()
  return [
    trouble === undefined
      ? { part: 'step-up', state: 'ok', sentence: 'Approvers can be sent to Autentico to sign in.' }
      : { part: 'step-up', state: 'broken', sentence: trouble },
  ]
}

/** What a person has to do by hand because nobody has told the worker how. */
function notReached({ environment, proxy }: Config): readonly Finding[] {
  return [
    ...(environment.envFile === undefined
      ? [
          'AUTENTICO_ENV_FILE is not set: keys and secrets are replaced by hand; the bot says how, watches, and proves it.',
        ]
      : []),
    ...(proxy.kind === undefined
      ? ['PROXY_KIND is not set: request limits are put into the proxy by hand; the bot gives the file and proves it.']
      : []),
  ].map((sentence): Finding => ({ part: 'autentico', state: 'warning', sentence }))
}

function messageOf(error: unknown): string {
  return scrub(error instanceof Error ? error.message : String(error))
}
