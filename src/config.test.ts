import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

const complete = {
  SLACK_BOT_TOKEN: 'xoxb-1-abc',
  SLACK_APP_TOKEN: 'xapp-1-abc',
  INCIDENT_CHANNEL: 'C0INCIDENTS',
  RESPONDERS: 'U0ANA, U0BAO',
  APPROVERS: 'S0SECURITY',
  AUTENTICO_URL: 'https://id.acme.test',
  AUTENTICO_CLIENT_ID: 'incident-bot',
  AUTENTICO_CLIENT_SECRET: 'client-secret',
  AUTENTICO_USERNAME: 'incident-bot',
  AUTENTICO_PASSWORD: 'correct-horse',
} as const

/** The problems with an environment; none when it is read. */
function problems(
  env: Readonly<Record<string, string | undefined>>,
  role?: Parameters<typeof readConfig>[1],
): readonly string[] {
  try {
    readConfig(env, role)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** A policy file with this text. */
function policyFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'policy.yml')
  writeFileSync(file, text)
  return file
}

function names(found: readonly string[]): readonly string[] {
  return found.map((problem) => problem.slice(0, problem.indexOf(':'))).toSorted()
}

test('a complete environment is read; what is left out has its default', () => {
  const { config, secrets } = readConfig(complete)
  expect(config).toMatchObject({
    role: 'both',
    dataDir: 'data',
    policy: { standard: { approvals: 1, ttlMs: 30 * 60_000 } },
    orderTtlMs: 60 * 60_000,
    sweepDelayMs: 10 * 60_000,
    slack: {
      channel: 'C0INCIDENTS',
      responders: ['U0ANA', 'U0BAO'],
      approvers: ['S0SECURITY'],
      mode: { kind: 'socket' },
    },
    autentico: { url: 'https://id.acme.test', username: 'incident-bot' },
  })
  expect(secrets).toMatchObject({ slackBotToken: 'xoxb-1-abc', autenticoPassword: 'correct-horse' })
})

test('known names are parted by commas alone, and the legal clock is 72 hours unless set', () => {
  expect(readConfig(complete).config).toMatchObject({
    known: { admins: [], clients: [] },
    legalDeadlineMs: 72 * 3_600_000,
  })
  const set = { KNOWN_ADMINS: 'ana, chi the admin ,', KNOWN_CLIENTS: 'portal', LEGAL_DEADLINE: '24h' }
  expect(readConfig({ ...complete, ...set }).config).toMatchObject({
    known: { admins: ['ana', 'chi the admin'], clients: ['portal'] },
    legalDeadlineMs: 24 * 3_600_000,
  })
})

test('no secret stands in what may be logged', () => {
  const text = JSON.stringify(readConfig(complete).config)
  for (const secret of ['xoxb-1-abc', 'xapp-1-abc', 'client-secret', 'correct-horse'])
    expect(text).not.toContain(secret)
})

/** Each value holds `oops`, to see whether any is repeated. */
const wrong = {
  ROLE: 'oops',
  LOG_LEVEL: 'oops',
  DRILL: 'oops',
  SLACK_BOT_TOKEN: 'oops',
  SLACK_APP_TOKEN: 'oops',
  SLACK_API_URL: 'oops',
  PORT: 'oops',
  INCIDENT_CHANNEL: 'oops',
  RESPONDERS: 'oops',
  APPROVERS: 'oops',
  SLACK_USER_MAP: 'oops',
  REDIS_URL: 'oops',
  QUEUE_PREFIX: 'oops!:',
  AUTENTICO_URL: 'oops',
  AUTENTICO_TOTP_SECRET: 'oops-189',
  AUTENTICO_RESTART_COMMAND: '["oops"',
  PROXY_KIND: 'oops',
  PROXY_TEST_COMMAND: '[oops]',
  PROXY_RELOAD_COMMAND: '["oops", 1]',
  WORKER_ID: 'oops oops',
  REQUEST_TTL: 'oops',
  ORDER_TTL: '0m-oops',
  SWEEP_DELAY: '10 oops',
  PENDING_LOGIN_TTL: '-1oops',
  SECRET_TTL: 'oops',
  LEGAL_DEADLINE: '72 oops',
  MESSAGE_SPACING: 'oops',
  CHECKPOINT_EVERY: 'oops',
} as const

test('every wrong variable is reported at once, by its name, and no value is repeated', () => {
  const found = problems({ ...complete, ...wrong })
  expect(names(found)).toEqual(Object.keys(wrong).toSorted())
  expect(found.join('\n')).not.toContain('oops')
})

test.for(Object.entries(wrong))('%s alone is reported alone', ([name, value]) => {
  expect(names(problems({ ...complete, [name]: value }))).toEqual([name])
})

test('everything that is missing is reported at once; empty counts as missing', () => {
  const empty = Object.fromEntries(Object.keys(complete).map((name) => [name, ' ']))
  for (const env of [{}, empty]) {
    expect(names(problems(env))).toEqual([
      'APPROVERS',
      'AUTENTICO_URL',
      'INCIDENT_CHANNEL',
      'RESPONDERS',
      'SLACK_APP_TOKEN',
      'SLACK_BOT_TOKEN',
    ])
  }
})

test('what is missing is reported together with what is wrong', () => {
  const { INCIDENT_CHANNEL: _channel, AUTENTICO_PASSWORD: _password, ...rest } = complete
  expect(names(problems({ ...rest, SLACK_BOT_TOKEN: 'oops', RESPONDERS: 'oops' }))).toEqual([
    'AUTENTICO_PASSWORD',
    'INCIDENT_CHANNEL',
    'RESPONDERS',
    'SLACK_BOT_TOKEN',
  ])
})

test('the policy is the file’s, and a request lives as long as REQUEST_TTL where the file does not say', () => {
  const file = policyFile('schema: 1\nrules: { skip: { reason: true } }')
  const { policy } = readConfig({ ...complete, POLICY_FILE: file, REQUEST_TTL: '45m' }).config
  expect(policy.rules.skip).toMatchObject({ reason: true, ttlMs: 45 * 60_000 })
})

test('every problem of the policy file is reported with the others, by the name of the variable', () => {
  const found = problems({
    ...complete,
    REDIS_URL: undefined,
    PORT: 'oops',
    POLICY_FILE: policyFile('schema: 2\nrule: {}'),
  })
  expect(found).toEqual([
    expect.stringMatching(/^PORT: /),
    'POLICY_FILE: policy.yml:1:9: “schema” has to be 1.',
    expect.stringMatching(
      /^POLICY_FILE: policy\.yml:2:1: “rule” is no key that can stand here\. Did you mean “rules”\?/,
    ),
  ])
})

test('a policy under which somebody could never get an approval does not start', () => {
  const file = policyFile('schema: 1\ndefault: { approvals: 2 }')
  expect(problems({ ...complete, APPROVERS: 'U0ANA,U0BAO', POLICY_FILE: file })).toEqual([
    expect.stringMatching(
      /^POLICY_FILE: policy\.yml:2:10: “default” takes 2 people of @approvers, and when U0ANA asks there is only 1/,
    ),
  ])
})

test('an empty roster is a mistake, and never everybody', () => {
  expect(names(problems({ ...complete, RESPONDERS: '', APPROVERS: ',' }))).toEqual(['APPROVERS', 'RESPONDERS'])
})

test('a role needs only what is its own, and the public keys of the other side', () => {
  const {
    AUTENTICO_URL,
    AUTENTICO_CLIENT_ID,
    AUTENTICO_CLIENT_SECRET,
    AUTENTICO_USERNAME,
    AUTENTICO_PASSWORD,
    ...bot
  } = complete
  const worker = { AUTENTICO_URL, AUTENTICO_CLIENT_ID, AUTENTICO_CLIENT_SECRET, AUTENTICO_USERNAME, AUTENTICO_PASSWORD }
  expect(names(problems(bot, 'bot'))).toEqual(['WORKER_PUBLIC_KEYS_FILE'])
  expect(names(problems(worker, 'worker'))).toEqual(['BOT_PUBLIC_KEYS_FILE'])
  expect(problems({ ...bot, WORKER_PUBLIC_KEYS_FILE: 'w.pem' }, 'bot')).toEqual([])
  expect(problems({ ...worker, BOT_PUBLIC_KEYS_FILE: 'b.pem' }, 'worker')).toEqual([])
  expect(readConfig({ ...bot, WORKER_PUBLIC_KEYS_FILE: 'w.pem' }, 'bot').config.autentico).toBeUndefined()
})

test('a ready bearer takes the place of client, username and password', () => {
  const {
    AUTENTICO_CLIENT_ID: _id,
    AUTENTICO_CLIENT_SECRET: _secret,
    AUTENTICO_USERNAME: _user,
    AUTENTICO_PASSWORD: _password,
    ...rest
  } = complete
  expect(names(problems(rest))).toEqual([
    'AUTENTICO_CLIENT_ID',
    'AUTENTICO_CLIENT_SECRET',
    'AUTENTICO_PASSWORD',
    'AUTENTICO_USERNAME',
  ])
  expect(problems({ ...rest, AUTENTICO_ADMIN_TOKEN: 'bearer' })).toEqual([])
})

test('HTTP mode needs a port, and does not go together with Socket Mode', () => {
  const { SLACK_APP_TOKEN: _socket, ...http } = { ...complete, SLACK_SIGNING_SECRET: 'shh' }
  expect(names(problems(http))).toEqual(['PORT'])
  expect(readConfig({ ...http, PORT: '3000' }).config.slack?.mode).toEqual({ kind: 'http', port: 3000 })
  expect(names(problems({ ...complete, SLACK_SIGNING_SECRET: 'shh' }))).toEqual(['SLACK_APP_TOKEN'])
})

test('a secret is read from a file; twice, empty and unreadable are mistakes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const { AUTENTICO_PASSWORD: _password, ...rest } = complete
  expect(
    readConfig({ ...rest, AUTENTICO_PASSWORD_FILE: file('good', 'from a file\n') }).secrets.autenticoPassword,
  ).toBe('from a file')
  expect(problems({ ...complete, AUTENTICO_PASSWORD_FILE: file('twice', 'x') })).toEqual([
    'AUTENTICO_PASSWORD: given twice, as AUTENTICO_PASSWORD and as AUTENTICO_PASSWORD_FILE; keep one',
  ])
  expect(problems({ ...rest, AUTENTICO_PASSWORD_FILE: file('empty', ' \n') })).toContain(
    'AUTENTICO_PASSWORD_FILE: the file is empty',
  )
  expect(problems({ ...rest, AUTENTICO_PASSWORD_FILE: join(dir, 'none') })).toContain(
    'AUTENTICO_PASSWORD_FILE: the file cannot be read (ENOENT)',
  )
})

test('commands are argument vectors: JSON, or words without quoting', () => {
  const read = (AUTENTICO_RESTART_COMMAND: string) =>
    readConfig({ ...complete, AUTENTICO_ENV_FILE: '/opt/autentico/.env', AUTENTICO_RESTART_COMMAND }).config.environment
      .restartCommand
  expect(read('["systemctl","restart","my idp"]')).toEqual(['systemctl', 'restart', 'my idp'])
  expect(read('systemctl restart  autentico')).toEqual(['systemctl', 'restart', 'autentico'])
})

test('what does nothing by itself is asked for together', () => {
  expect(problems({ ...complete, AUTENTICO_ENV_FILE: '/opt/autentico/.env' })).toEqual([
    'AUTENTICO_RESTART_COMMAND: is missing beside AUTENTICO_ENV_FILE',
  ])
  expect(problems({ ...complete, PROXY_KIND: 'nginx', PROXY_CONFIG_PATH: '/etc/nginx/autentico.conf' })).toEqual([
    'PROXY_TEST_COMMAND: is missing beside PROXY_KIND, PROXY_CONFIG_PATH',
    'PROXY_RELOAD_COMMAND: is missing beside PROXY_KIND, PROXY_CONFIG_PATH',
  ])
})

test('operators look nowhere unless an address is named, and a wrong one is said', () => {
  const read = (HEALTH_ADDRESS: string) => readConfig({ ...complete, HEALTH_ADDRESS }).config.health
  expect(readConfig(complete).config.health).toBeUndefined()
  expect(read('127.0.0.1:9464')).toEqual({ host: '127.0.0.1', port: 9464 })
  expect(read('[::1]:0')).toEqual({ host: '::1', port: 0 })
  for (const wrong of ['9464', 'localhost', '127.0.0.1:99999', 'http://127.0.0.1:9464'])
    expect(problems({ ...complete, HEALTH_ADDRESS: wrong })).toEqual([
      'HEALTH_ADDRESS: is a host and a port such as 127.0.0.1:9464 or [::1]:9464',
    ])
})

test('what is wrong with own playbooks is reported with everything else, by file and place', () => {
  const directory = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'lost.yml'), 'id: Lost')
  const found = problems({ ...complete, APPROVERS: '', LOG_LEVEL: 'oops', PLAYBOOKS_DIR: directory })
  expect(new Set(names(found))).toEqual(new Set(['APPROVERS', 'LOG_LEVEL', 'PLAYBOOKS_DIR']))
  expect(found.join('\n')).toMatch(/^PLAYBOOKS_DIR: lost\.yml:1:5: “id” has to be /m)
  expect(names(problems({ ...complete, PLAYBOOKS_DIR: 'oops' }))).toEqual(['PLAYBOOKS_DIR'])
})

test('a worker alone needs no playbooks and reads none', () => {
  const { config } = readConfig({ ...complete, BOT_PUBLIC_KEYS_FILE: 'keys.pem', PLAYBOOKS_DIR: 'oops' }, 'worker')
  expect(config.playbooks).toEqual([])
  expect(readConfig(complete).config.playbooks.map(({ id }) => id)).toContain('account-compromise')
})

test('the message lists the problems one a line', () => {
  expect(new ConfigError(['A: is missing', 'B: is wrong']).message).toBe(
    'The configuration has 2 problems:\n  A: is missing\n  B: is wrong',
  )
})

test('a step-up names the client that people sign in with; its secret may be kept in a file', () => {
  const env = { ...complete, STEP_UP: 'autentico', STEP_UP_CLIENT_ID: 'approvals', STEP_UP_CLIENT_SECRET: 'hush' }
  const { config, secrets } = readConfig(env)
  expect(config.stepUp).toEqual({ url: 'https://id.acme.test', clientId: 'approvals' })
  expect(config.known.clients).toEqual(['approvals'])
  expect(secrets.stepUpClientSecret).toBe('hush')
  expect(JSON.stringify(config)).not.toContain('hush')
  expect(readConfig(complete).config.stepUp).toBeUndefined()
  expect(readConfig({ ...env, BOT_PUBLIC_KEYS_FILE: '/keys' }, 'worker').config.stepUp).toBeUndefined()
})

test('a bot alone needs Autentico’s address for a step-up, and every bot the client', () => {
  const { AUTENTICO_URL: _left, ...apart } = { ...complete, WORKER_PUBLIC_KEYS_FILE: '/keys', STEP_UP: 'autentico' }
  expect(names(problems(apart, 'bot'))).toEqual(['AUTENTICO_URL', 'STEP_UP_CLIENT_ID'])
  expect(names(problems({ ...complete, STEP_UP: 'autentico' }))).toEqual(['STEP_UP_CLIENT_ID'])
  expect(names(problems({ ...complete, STEP_UP: 'yes' }))).toEqual(['STEP_UP'])
})

test('with a step-up and no policy file every approval wants it; with a file, those that the file says', () => {
  const env = { ...complete, STEP_UP: 'autentico', STEP_UP_CLIENT_ID: 'approvals' }
  expect(readConfig(env).config.policy.standard.stepUp).toBe(true)
  const directory = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'policy.yml')
  writeFileSync(file, 'schema: 1\nrules:\n  restore-access: { stepUp: true }\n')
  const { policy } = readConfig({ ...env, POLICY_FILE: file }).config
  expect([policy.standard.stepUp, policy.rules['restore-access']?.stepUp]).toEqual([false, true])
})
