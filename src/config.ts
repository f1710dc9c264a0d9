import { hostname } from 'node:os'
import { missing } from '#/configuration/missing.ts'
import { loadPlaybooks, PlaybooksFaulty } from '#/configuration/playbooks.ts'
import { configuredPolicy, type Rosters } from '#/configuration/policy-file.ts'
import { type Variables, variables, withFiles } from '#/configuration/variables.ts'
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

/** The environment as a configuration. Throws {@link ConfigError} with every problem at once. `role` wins over `ROLE`. */
export function readConfig(
  env: NodeJS.ProcessEnv,
  role?: Role,
): { readonly config: Config; readonly secrets: Secrets } {
  const problems: string[] = []
  const values = withFiles(env, problems)
  if (role !== undefined) values['ROLE'] = role
  const parsed = variables.safeParse(values)
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
function filesOf(data: Variables): Pick<Config, 'playbooks' | 'policy'> & { readonly faults: readonly string[] } {
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
  const parsed = variables
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

function policyOf(data: Variables): { readonly policy: Policy; readonly faults: readonly string[] } {
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
}: Pick<Variables, 'REQUEST_TTL' | 'POLICY_FILE' | 'STEP_UP'>): Parameters<typeof standardPolicy>[0] {
  return { ttlMs, stepUp: STEP_UP !== 'off' && POLICY_FILE === undefined }
}

type Playbooks = { readonly playbooks: readonly Playbook[]; readonly faults: readonly string[] }

function playbooksOf({ ROLE, PLAYBOOKS_DIR: directory }: Variables): Playbooks {
  if (ROLE === 'worker') return { playbooks: [], faults: [] }
  try {
    return { playbooks: loadPlaybooks({ directory }), faults: [] }
  } catch (error) {
    if (!(error instanceof PlaybooksFaulty)) throw error
    return { playbooks: [], faults: error.problems.map((problem) => `PLAYBOOKS_DIR: ${problem}`) }
  }
}

/** What is missing besides what is wrong. Which variables are needed cannot be told where the role is wrong. */
function missingBeside(values: Readonly<Record<string, string>>, wrong: ReadonlySet<string>): readonly string[] {
  if (wrong.has('ROLE')) return []
  const rest = variables.safeParse(Object.fromEntries(Object.entries(values).filter(([name]) => !wrong.has(name))))
  if (!rest.success) return []
  return [...missing(rest.data), ...filesOf(rest.data).faults].filter(
    (problem) => !wrong.has(problem.slice(0, problem.indexOf(':'))),
  )
}

function configOf(data: Variables, files: Pick<Config, 'playbooks' | 'policy'>): Config {
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

function slackOf(data: Variables): SlackConfig {
  return {
    apiUrl: data.SLACK_API_URL,
    mode: data.SLACK_APP_TOKEN === undefined ? { kind: 'http', port: data.PORT ?? 0 } : { kind: 'socket' },
    channel: data.INCIDENT_CHANNEL ?? '',
    responders: data.RESPONDERS,
    approvers: data.APPROVERS,
    userMap: data.SLACK_USER_MAP,
  }
}

function autenticoOf(data: Variables): AutenticoConfig {
  return {
    url: data.AUTENTICO_URL ?? '',
    clientId: data.AUTENTICO_CLIENT_ID,
    username: data.AUTENTICO_USERNAME,
    databasePath: data.AUTENTICO_DB_PATH,
  }
}

/** The client that approvers sign in through is one of ours. */
function knownClients({ KNOWN_CLIENTS, STEP_UP_CLIENT_ID }: Variables): readonly string[] {
  return [...KNOWN_CLIENTS, ...(STEP_UP_CLIENT_ID === undefined ? [] : [STEP_UP_CLIENT_ID])]
}

function stepUpOf({ STEP_UP, STEP_UP_CLIENT_ID, AUTENTICO_URL }: Variables): StepUpConfig | undefined {
  if (STEP_UP === 'off') return undefined
  return { url: AUTENTICO_URL ?? '', clientId: STEP_UP_CLIENT_ID ?? '' }
}

function secretsOf(data: Variables): Secrets {
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
