import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'
import { loadPlaybooks, PlaybooksFaulty } from '#/configuration/playbooks.ts'
import { configuredPolicy, type Rosters } from '#/configuration/policy-file.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'

/** Which half of the program runs here: the bot (Slack and the ledger), the worker (the queue and Autentico), or both. */
export type Role = 'both' | 'bot' | 'worker'

/** Everything that may be logged. Secrets are apart. Times are in milliseconds. */
export type Config = {
  readonly role: Role
  readonly dataDir: string
  readonly logLevel: string
  readonly drill: boolean
  readonly slack: SlackConfig | undefined
  readonly autentico: AutenticoConfig | undefined
  readonly stepUp: StepUpConfig | undefined
  /** What incidents may be opened with. A worker alone has none: what it does stands in its orders. */
  readonly playbooks: readonly Playbook[]
  /** What requests are to be decided under: the file's, or the standard one. A worker alone has the standard one and asks nobody. */
  readonly policy: Policy
  readonly queuePrefix: string
  readonly workerId: string
  readonly orderTtlMs: number
  readonly sweepDelayMs: number
  readonly pendingLoginMs: number
  readonly secretTtlMs: number
  readonly checkpointEvery: number
  /** How often the ledger is verified in the background. */
  readonly verifyEveryMs: number
  /** Where operators look. Undefined: nowhere. */
  readonly health: { readonly host: string; readonly port: number } | undefined
  /** Between two messages in one channel. Slack allows about one a second. */
  readonly messageSpacingMs: number
  readonly keys: {
    /** PEM files of what the other side signs and seals with. Needed only where bot and worker run apart. */
    readonly botPublicKeys: string | undefined
    readonly workerPublicKeys: string | undefined
  }
  /** How long after a breach became known the law leaves for telling the authority. */
  readonly legalDeadlineMs: number
  /** Usernames and client ids that a review expects to find, besides those that Autentico comes with and the bot's own. */
  readonly known: { readonly admins: readonly string[]; readonly clients: readonly string[] }
  /** Autentico's environment file and how it is started again; `doctor` says what is missing without them. */
  readonly environment: { readonly envFile: string | undefined; readonly restartCommand: readonly string[] | undefined }
  readonly proxy: {
    readonly kind: 'nginx' | 'caddy' | 'traefik' | undefined
    readonly configPath: string | undefined
    readonly testCommand: readonly string[] | undefined
    readonly reloadCommand: readonly string[] | undefined
    /** Where the proxy reaches Autentico, where that is not AUTENTICO_URL. */
    readonly upstream: string | undefined
    /** Addresses of this machine that are asked from; none: the one that the system chooses. */
    readonly probeFrom: readonly string[]
  }
}

export type SlackConfig = {
  readonly apiUrl: string | undefined
  readonly mode: { readonly kind: 'socket' } | { readonly kind: 'http'; readonly port: number }
  readonly channel: string
  readonly responders: readonly string[]
  readonly approvers: readonly string[]
  /** Slack user id → Autentico username, where the e-mail addresses differ. */
  readonly userMap: ReadonlyMap<string, string>
}

/** How approvers prove who they are, where that is asked of them. */
export type StepUpConfig = { readonly url: string; readonly clientId: string }

export type AutenticoConfig = {
  readonly url: string
  readonly clientId: string | undefined
  readonly username: string | undefined
  readonly databasePath: string | undefined
}

/** Never logged, never shown. Apart from Config so that a config can be. */
export type Secrets = {
  readonly slackBotToken: string | undefined
  readonly slackAppToken: string | undefined
  readonly slackSigningSecret: string | undefined
  /** May hold a password. A URL, or the path of a unix socket. */
  readonly redisUrl: string
  readonly autenticoClientSecret: string | undefined
  readonly autenticoPassword: string | undefined
  readonly autenticoTotpSecret: string | undefined
  readonly autenticoAdminToken: string | undefined
  readonly stepUpClientSecret: string | undefined
}

/** Every problem with the environment, each by the name of its variable. No value is ever repeated: it may be a token. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** These may also be given as `<NAME>_FILE`, the path of a file that holds the value (Docker and systemd secrets). */
const secretNames = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'REDIS_URL',
  'AUTENTICO_CLIENT_SECRET',
  'AUTENTICO_PASSWORD',
  'AUTENTICO_TOTP_SECRET',
  'AUTENTICO_ADMIN_TOKEN',
  'STEP_UP_CLIENT_SECRET',
] as const

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

function duration(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
      const unit = match?.[2]
      if (match === null || !isUnit(unit) || Number(match[1]) === 0) {
        context.addIssue({ code: 'custom', message: 'is a time such as 30m, 10s or 500ms' })
        return z.NEVER
      }
      return Number(match[1]) * units[unit]
    })
}

const list = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))

/** Names may hold blanks, so only commas part them. */
const nameList = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])))

const rosterList = list.refine((ids) => ids.every((id) => /^[UWS][A-Z0-9]{2,}$/.test(id)), {
  message: 'holds Slack ids of users (U…, W…) or user groups (S…), separated by commas',
})

const userMap = list.transform((pairs, context) => {
  const map = new Map<string, string>()
  for (const pair of pairs) {
    const match = /^([UW][A-Z0-9]{2,})=(.+)$/.exec(pair)
    if (match?.[1] === undefined || match[2] === undefined) {
      context.addIssue({ code: 'custom', message: 'holds pairs like U0123ABCD=alice, separated by commas' })
      return z.NEVER
    }
    map.set(match[1], match[2])
  }
  return map
})

/** An argument vector: a JSON array of strings, or words without quoting. Never given to a shell. */
const command = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    if (!text.trimStart().startsWith('[')) return text.split(/\s+/).filter((word) => word !== '')
    const parsed = z.array(z.string().min(1)).min(1).safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    context.addIssue({
      code: 'custom',
      message: 'is a JSON array of strings, such as ["systemctl","restart","autentico"]',
    })
    return z.NEVER
  })

const port = z.coerce.number({ error: 'is a port number' }).int().min(0).max(65_535)
const webUrl = z.string().refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? ''), {
  message: 'is a URL that begins with http:// or https://',
})
const redisUrl = z
  .string()
  .refine((text) => text.startsWith('/') || /^rediss?:$/.test(parseUrl(text)?.protocol ?? ''), {
    message: 'is a URL that begins with redis:// or rediss://, or the path of a unix socket',
  })
const address = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    const match = /^(?:\[([\da-f:]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
    const host = match?.[1] ?? match?.[2]
    const number = Number(match?.[3])
    if (host !== undefined && number <= 65_535) return { host, port: number }
    context.addIssue({ code: 'custom', message: 'is a host and a port such as 127.0.0.1:9464 or [::1]:9464' })
    return z.NEVER
  })
const prefixed = (prefix: string) =>
  z
    .string()
    .startsWith(prefix, { message: `begins with ${prefix}` })
    .optional()
const text = z.string().optional()

const schema = z.object({
  ROLE: z.enum(['both', 'bot', 'worker'], { error: 'is both, bot or worker' }).default('both'),
  DATA_DIR: z.string().default('data'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'is one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
  DRILL: z.enum(['0', '1'], { error: 'is 0 or 1' }).default('0'),
  SLACK_BOT_TOKEN: prefixed('xoxb-'),
  SLACK_APP_TOKEN: prefixed('xapp-'),
  SLACK_SIGNING_SECRET: text,
  SLACK_API_URL: webUrl.optional(),
  PORT: port.optional(),
  INCIDENT_CHANNEL: z
    .string()
    .regex(/^[CG][A-Z0-9]{2,}$/, {
      message: "is a channel id such as C0123ABCD, found at the end of the channel's details",
    })
    .optional(),
  RESPONDERS: rosterList,
  APPROVERS: rosterList,
  SLACK_USER_MAP: userMap,
  REDIS_URL: redisUrl.default('redis://127.0.0.1:6379'),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[\w-]{1,64}$/, { message: 'holds letters, digits, _ and - only' })
    .default('autentico-responder'),
  AUTENTICO_URL: webUrl.optional(),
  AUTENTICO_CLIENT_ID: text,
  AUTENTICO_CLIENT_SECRET: text,
  AUTENTICO_USERNAME: text,
  AUTENTICO_PASSWORD: text,
  AUTENTICO_TOTP_SECRET: z
    .string()
    .regex(/^[A-Z2-7 ]+=*$/i, { message: 'is base32, as the authenticator app was given it' })
    .optional(),
  AUTENTICO_ADMIN_TOKEN: text,
  AUTENTICO_DB_PATH: text,
  AUTENTICO_ENV_FILE: text,
  AUTENTICO_RESTART_COMMAND: command,
  STEP_UP: z.enum(['off', 'autentico'], { error: 'is off or autentico' }).default('off'),
  STEP_UP_CLIENT_ID: text,
  STEP_UP_CLIENT_SECRET: text,
  KNOWN_ADMINS: nameList,
  KNOWN_CLIENTS: nameList,
  PROXY_KIND: z.enum(['nginx', 'caddy', 'traefik'], { error: 'is nginx, caddy or traefik' }).optional(),
  PROXY_CONFIG_PATH: text,
  PROXY_TEST_COMMAND: command,
  PROXY_RELOAD_COMMAND: command,
  PROXY_UPSTREAM: webUrl.optional(),
  PROXY_PROBE_FROM: list.refine((all) => all.every((one) => isIP(one) !== 0), {
    message: 'holds addresses of this machine, separated by commas',
  }),
  PLAYBOOKS_DIR: text,
  POLICY_FILE: text,
  WORKER_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { message: 'holds letters, digits, . _ and - only' })
    .optional(),
  BOT_PUBLIC_KEYS_FILE: text,
  WORKER_PUBLIC_KEYS_FILE: text,
  REQUEST_TTL: duration('30m'),
  ORDER_TTL: duration('60m'),
  SWEEP_DELAY: duration('10m'),
  PENDING_LOGIN_TTL: duration('10m'),
  SECRET_TTL: duration('15m'),
  LEGAL_DEADLINE: duration('72h'),
  MESSAGE_SPACING: duration('1100ms'),
  CHECKPOINT_EVERY: z.coerce.number({ error: 'is a whole number' }).int().min(1).default(100),
  VERIFY_EVERY: duration('5m'),
  HEALTH_ADDRESS: address,
})

type Parsed = z.infer<typeof schema>

/** The environment as a configuration. Throws {@link ConfigError} with every problem at once. `role` wins over `ROLE`. */
export function readConfig(
  env: NodeJS.ProcessEnv,
  role?: Role,
): { readonly config: Config; readonly secrets: Secrets } {
  const problems: string[] = []
  const values = withFiles(env, problems)
  if (role !== undefined) values['ROLE'] = role
  const parsed = schema.safeParse(values)
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => ({
      name: String(path[0] ?? 'the environment'),
      message,
    }))
    problems.push(...wrong.map(({ name, message }) => `${name}: ${message}`))
    problems.push(...missingBeside(values, new Set(wrong.map(({ name }) => name))))
    throw new ConfigError(problems)
  }
  const { playbooks, policy, faults } = filesOf(parsed.data)
  problems.push(...missing(parsed.data), ...faults)
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: configOf(parsed.data, { playbooks, policy }), secrets: secretsOf(parsed.data) }
}

/** What the configuration names besides, and what is wrong with it. */
function filesOf(data: Parsed): Pick<Config, 'playbooks' | 'policy'> & { readonly faults: readonly string[] } {
  const { playbooks, faults } = playbooksOf(data)
  const read = policyOf(data)
  return { playbooks, policy: read.policy, faults: [...faults, ...read.faults] }
}

/** What a policy is judged by: what it leaves out, and who there is. Throws {@link ConfigError}. */
export function policyBasis(env: NodeJS.ProcessEnv): {
  readonly standard: Parameters<typeof standardPolicy>[0]
  /** Absent: the lists are not set. */
  readonly rosters?: Rosters
} {
  const parsed = schema
    .pick({
      REQUEST_TTL: true,
      RESPONDERS: true,
      APPROVERS: true,
      SLACK_USER_MAP: true,
      POLICY_FILE: true,
      STEP_UP: true,
    })
    .safeParse(withFiles(env, []))
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`))
  const { RESPONDERS: responders, APPROVERS: approvers, SLACK_USER_MAP: accounts } = parsed.data
  const isSet = responders.length > 0 && approvers.length > 0
  return { standard: standardOf(parsed.data), ...(isSet ? { rosters: { responders, approvers, accounts } } : {}) }
}

function policyOf(data: Parsed): { readonly policy: Policy; readonly faults: readonly string[] } {
  const standard = standardOf(data)
  if (data.ROLE === 'worker') return { policy: standardPolicy(standard), faults: [] }
  const { RESPONDERS: responders, APPROVERS: approvers, SLACK_USER_MAP: accounts } = data
  const { policy, faults } = configuredPolicy({
    file: data.POLICY_FILE,
    standard,
    rosters: { responders, approvers, accounts },
  })
  return { policy, faults: faults.map((fault) => `POLICY_FILE: ${fault}`) }
}

/** Where a file says what the rules are, it says as well which of them want a step-up; where none does, all of them do. */
function standardOf({
  REQUEST_TTL: ttlMs,
  POLICY_FILE,
  STEP_UP,
}: Pick<Parsed, 'REQUEST_TTL' | 'POLICY_FILE' | 'STEP_UP'>): Parameters<typeof standardPolicy>[0] {
  return { ttlMs, stepUp: STEP_UP !== 'off' && POLICY_FILE === undefined }
}

type Playbooks = { readonly playbooks: readonly Playbook[]; readonly faults: readonly string[] }

function playbooksOf({ ROLE, PLAYBOOKS_DIR: directory }: Parsed): Playbooks {
  if (ROLE === 'worker') return { playbooks: [], faults: [] }
  try {
    return { playbooks: loadPlaybooks({ directory }), faults: [] }
  } catch (error) {
    if (!(error instanceof PlaybooksFaulty)) throw error
    return { playbooks: [], faults: error.problems.map((problem) => `PLAYBOOKS_DIR: ${problem}`) }
  }
}

/** Empty variables count as unset: that is how compose files and unit files leave things out. */
function withFiles(env: NodeJS.ProcessEnv, problems: string[]): Record<string, string> {
  const values = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== ''),
  )
  for (const name of secretNames) {
    const file = values[`${name}_FILE`]
    if (file === undefined) continue
    if (values[name] !== undefined) {
      problems.push(`${name}: given twice, as ${name} and as ${name}_FILE; keep one`)
      continue
    }
    try {
      const value = readFileSync(file, 'utf8').trim()
      if (value === '') problems.push(`${name}_FILE: the file is empty`)
      else values[name] = value
    } catch (error) {
      problems.push(
        `${name}_FILE: the file cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'})`,
      )
    }
  }
  return values
}

/** What is missing besides what is wrong. Which variables are needed cannot be told where the role is wrong. */
function missingBeside(values: Readonly<Record<string, string>>, wrong: ReadonlySet<string>): readonly string[] {
  if (wrong.has('ROLE')) return []
  const rest = schema.safeParse(Object.fromEntries(Object.entries(values).filter(([name]) => !wrong.has(name))))
  if (!rest.success) return []
  return [...missing(rest.data), ...filesOf(rest.data).faults].filter(
    (problem) => !wrong.has(problem.slice(0, problem.indexOf(':'))),
  )
}

function missing(data: Parsed): readonly string[] {
  return [
    ...(data.ROLE === 'worker' ? [] : missingForSlack(data)),
    ...(data.ROLE === 'bot' ? [] : missingForAutentico(data)),
    ...(data.ROLE === 'worker' ? [] : missingForStepUp(data)),
    ...missingForKeys(data),
    ...halfGiven(data),
  ]
}

function missingForSlack(data: Parsed): readonly string[] {
  const socket = data.SLACK_APP_TOKEN !== undefined
  const http = data.SLACK_SIGNING_SECRET !== undefined
  return [
    ...(data.SLACK_BOT_TOKEN === undefined
      ? ['SLACK_BOT_TOKEN: is missing; it begins with xoxb- and stands under OAuth & Permissions']
      : []),
    ...(!socket && !http
      ? ['SLACK_APP_TOKEN: is missing (Socket Mode), or give SLACK_SIGNING_SECRET and PORT (HTTP mode)']
      : []),
    ...(socket && http
      ? ['SLACK_APP_TOKEN: given together with SLACK_SIGNING_SECRET; keep the one for your mode']
      : []),
    ...(http && !socket && data.PORT === undefined ? ['PORT: is missing; HTTP mode needs the port to listen on'] : []),
    ...(data.INCIDENT_CHANNEL === undefined
      ? ['INCIDENT_CHANNEL: is missing; the id of the channel that incidents are opened in']
      : []),
    ...(data.RESPONDERS.length === 0 ? ['RESPONDERS: is missing; an empty list lets nobody respond'] : []),
    ...(data.APPROVERS.length === 0 ? ['APPROVERS: is missing; an empty list lets nobody approve'] : []),
  ]
}

function missingForAutentico(data: Parsed): readonly string[] {
  if (data.AUTENTICO_URL === undefined)
    return ['AUTENTICO_URL: is missing; where Autentico answers, such as https://id.example.org']
  if (data.AUTENTICO_ADMIN_TOKEN !== undefined) return []
  const needed = ['AUTENTICO_CLIENT_ID', 'AUTENTICO_CLIENT_SECRET', 'AUTENTICO_USERNAME', 'AUTENTICO_PASSWORD'] as const
  return needed
    .filter((name) => data[name] === undefined)
    .map((name) => `${name}: is missing (or give a ready bearer in AUTENTICO_ADMIN_TOKEN)`)
}

/** Each of these does nothing without the others. */
const together = [
  ['AUTENTICO_ENV_FILE', 'AUTENTICO_RESTART_COMMAND'],
  ['PROXY_KIND', 'PROXY_CONFIG_PATH', 'PROXY_TEST_COMMAND', 'PROXY_RELOAD_COMMAND'],
] as const

function halfGiven(data: Parsed): readonly string[] {
  return together.flatMap((all): readonly string[] => {
    // Traefik watches its files: it has nothing that would test or reload them.
    const names: readonly (keyof Parsed)[] =
      data.PROXY_KIND === 'traefik' ? all.filter((name) => !/^PROXY_(TEST|RELOAD)/.test(name)) : all
    const given = names.filter((name) => data[name] !== undefined)
    if (given.length === 0) return []
    return names.flatMap((name) =>
      given.includes(name as never) ? [] : [`${name}: is missing beside ${given.join(', ')}`],
    )
  })
}

function missingForStepUp(data: Parsed): readonly string[] {
  if (data.STEP_UP === 'off') return []
  return [
    ...(data.STEP_UP_CLIENT_ID === undefined
      ? ['STEP_UP_CLIENT_ID: is missing beside STEP_UP=autentico; a client of Autentico with the device grant']
      : []),
    // Where both roles run here, it is asked for anyway.
    ...(data.ROLE === 'bot' && data.AUTENTICO_URL === undefined
      ? ['AUTENTICO_URL: is missing beside STEP_UP=autentico; where people sign in, such as https://id.example.org']
      : []),
  ]
}

function missingForKeys(data: Parsed): readonly string[] {
  return [
    ...(data.ROLE === 'bot' && data.WORKER_PUBLIC_KEYS_FILE === undefined
      ? ['WORKER_PUBLIC_KEYS_FILE: is missing; a bot that runs apart believes only the workers whose keys are in it']
      : []),
    ...(data.ROLE === 'worker' && data.BOT_PUBLIC_KEYS_FILE === undefined
      ? [
          'BOT_PUBLIC_KEYS_FILE: is missing; a worker that runs apart takes orders only from the bot whose keys are in it',
        ]
      : []),
  ]
}

function configOf(data: Parsed, files: Pick<Config, 'playbooks' | 'policy'>): Config {
  return {
    ...files,
    role: data.ROLE,
    dataDir: data.DATA_DIR,
    logLevel: data.LOG_LEVEL,
    drill: data.DRILL === '1',
    slack: data.ROLE === 'worker' ? undefined : slackOf(data),
    autentico: data.ROLE === 'bot' ? undefined : autenticoOf(data),
    stepUp: data.ROLE === 'worker' ? undefined : stepUpOf(data),
    queuePrefix: data.QUEUE_PREFIX,
    workerId: data.WORKER_ID ?? hostname().replaceAll(/[^\w.-]/g, '-'),
    orderTtlMs: data.ORDER_TTL,
    sweepDelayMs: data.SWEEP_DELAY,
    pendingLoginMs: data.PENDING_LOGIN_TTL,
    secretTtlMs: data.SECRET_TTL,
    checkpointEvery: data.CHECKPOINT_EVERY,
    verifyEveryMs: data.VERIFY_EVERY,
    health: data.HEALTH_ADDRESS,
    messageSpacingMs: data.MESSAGE_SPACING,
    keys: { botPublicKeys: data.BOT_PUBLIC_KEYS_FILE, workerPublicKeys: data.WORKER_PUBLIC_KEYS_FILE },
    legalDeadlineMs: data.LEGAL_DEADLINE,
    known: { admins: data.KNOWN_ADMINS, clients: knownClients(data) },
    environment: { envFile: data.AUTENTICO_ENV_FILE, restartCommand: data.AUTENTICO_RESTART_COMMAND },
    proxy: {
      kind: data.PROXY_KIND,
      configPath: data.PROXY_CONFIG_PATH,
      testCommand: data.PROXY_TEST_COMMAND,
      reloadCommand: data.PROXY_RELOAD_COMMAND,
      upstream: data.PROXY_UPSTREAM,
      probeFrom: data.PROXY_PROBE_FROM,
    },
  }
}

function slackOf(data: Parsed): SlackConfig {
  return {
    apiUrl: data.SLACK_API_URL,
    mode: data.SLACK_APP_TOKEN === undefined ? { kind: 'http', port: data.PORT ?? 0 } : { kind: 'socket' },
    channel: data.INCIDENT_CHANNEL ?? '',
    responders: data.RESPONDERS,
    approvers: data.APPROVERS,
    userMap: data.SLACK_USER_MAP,
  }
}

function autenticoOf(data: Parsed): AutenticoConfig {
  return {
    url: data.AUTENTICO_URL ?? '',
    clientId: data.AUTENTICO_CLIENT_ID,
    username: data.AUTENTICO_USERNAME,
    databasePath: data.AUTENTICO_DB_PATH,
  }
}

/** The client that approvers sign in through is one of ours. */
function knownClients({ KNOWN_CLIENTS, STEP_UP_CLIENT_ID }: Parsed): readonly string[] {
  return [...KNOWN_CLIENTS, ...(STEP_UP_CLIENT_ID === undefined ? [] : [STEP_UP_CLIENT_ID])]
}

function stepUpOf({ STEP_UP, STEP_UP_CLIENT_ID, AUTENTICO_URL }: Parsed): StepUpConfig | undefined {
  if (STEP_UP === 'off') return undefined
  return { url: AUTENTICO_URL ?? '', clientId: STEP_UP_CLIENT_ID ?? '' }
}

function secretsOf(data: Parsed): Secrets {
  return {
    slackBotToken: data.SLACK_BOT_TOKEN,
    slackAppToken: data.SLACK_APP_TOKEN,
    slackSigningSecret: data.SLACK_SIGNING_SECRET,
    redisUrl: data.REDIS_URL,
    autenticoClientSecret: data.AUTENTICO_CLIENT_SECRET,
    autenticoPassword: data.AUTENTICO_PASSWORD,
    autenticoTotpSecret: data.AUTENTICO_TOTP_SECRET,
    autenticoAdminToken: data.AUTENTICO_ADMIN_TOKEN,
    stepUpClientSecret: data.STEP_UP_CLIENT_SECRET,
  }
}

function isUnit(unit: string | undefined): unit is keyof typeof units {
  return unit !== undefined && Object.hasOwn(units, unit)
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
