import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalAutentico, type LocalAutenticoOptions, startLocalAutentico } from './autentico/local-autentico.ts'
import { supervise } from './autentico/supervisor.ts'
import { cast, incidentChannel, securityGroup } from './cast.ts'
import { prepareFront } from './front.ts'
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from './redis.ts'
import { type LocalSlack, type LocalSlackOptions, startLocalSlack } from './slack/local-slack.ts'

/** What the drill's clocks are set to; the rules are the same, only the waiting is shorter. */
export type Tempo = { readonly requestTtl: string; readonly sweepDelay: string; readonly pendingLoginTtl: string }

export const drillTempo: Tempo = { requestTtl: '10m', sweepDelay: '6s', pendingLoginTtl: '2s' }

export type StageOptions = {
  /** Where everything is kept; without one, a folder that goes when the stage is taken down. */
  readonly dir?: string
  readonly tempo?: Tempo
  /** False: the worker has no way to Autentico's database. */
  readonly database?: boolean
  /** False: the worker can neither change Autentico's environment file nor restart it. */
  readonly environment?: boolean
  /** True: a reverse proxy stands before Autentico, which limits requests by itself as well. The worker may change the proxy if it is nginx. */
  readonly front?: boolean
  readonly slack?: Partial<LocalSlackOptions>
  readonly autentico?: Partial<LocalAutenticoOptions>
  readonly redis?: PrivateRedisOptions
  /** The policy file, as YAML text; without one the program runs without. */
  readonly policy?: string
  /** Overrides for the program's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A private Redis, a local Slack and a local Autentico, and the environment that points the program at them. */
export type Stage = AsyncDisposable & {
  readonly dir: string
  readonly redis: PrivateRedis
  readonly slack: LocalSlack
  readonly autentico: LocalAutentico
  readonly env: Readonly<Record<string, string>>
}

const manifest = join(import.meta.dirname, '../../manifest.yml')

/** Sets the stage. The program itself is started apart, against `env`: nothing in it differs but the addresses. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const { tempo = drillTempo } = options
  await using building = new AsyncDisposableStack()
  const dir =
    options.dir ??
    building.adopt(mkdtempSync(join(tmpdir(), 'responder-')), (path) => rmSync(path, { recursive: true, force: true }))
  const redis = building.use(await startPrivateRedis(options.redis))
  const slack = building.use(await startLocalSlack({ manifest: readFileSync(manifest, 'utf8'), ...options.slack }))
  const front = options.front === true ? building.use(await prepareFront({ dir })) : undefined
  const autentico = building.use(
    await startLocalAutentico({
      dir: join(dir, 'autentico'),
      ...(front === undefined ? {} : { rateLimit: true, variables: { AUTENTICO_APP_URL: front.url } }),
      ...options.autentico,
    }),
  )
  await front?.leadTo(autentico.url)
  const supervisor = building.use(await supervise(autentico))
  const { credentials } = autentico

  const env: Readonly<Record<string, string>> = {
    DRILL: '1',
    DATA_DIR: join(dir, 'data'),
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    INCIDENT_CHANNEL: incidentChannel.id,
    RESPONDERS: [cast.ana, cast.bao, cast.chi, cast.gil, cast.alice].map(({ user }) => user).join(','),
    APPROVERS: `${securityGroup.id},${cast.gil.user},${cast.alice.user}`,
    AUTENTICO_URL: autentico.url,
    AUTENTICO_CLIENT_ID: credentials.clientId,
    AUTENTICO_CLIENT_SECRET: credentials.clientSecret,
    AUTENTICO_USERNAME: credentials.username,
    AUTENTICO_PASSWORD: credentials.password,
    WORKER_ID: 'worker-1',
    REQUEST_TTL: tempo.requestTtl,
    SWEEP_DELAY: tempo.sweepDelay,
    PENDING_LOGIN_TTL: tempo.pendingLoginTtl,
    // A workspace without a limit need not be spared.
    ...(options.slack?.rateLimit === false ? { MESSAGE_SPACING: '1ms' } : {}),
    ...(options.database === false ? {} : { AUTENTICO_DB_PATH: autentico.databaseFile }),
    ...(options.environment === false
      ? {}
      : {
          AUTENTICO_ENV_FILE: autentico.environmentFile,
          AUTENTICO_RESTART_COMMAND: JSON.stringify(supervisor.restartCommand),
        }),
    ...front?.env,
    ...(options.policy === undefined ? {} : { POLICY_FILE: policyFile(dir, options.policy) }),
    ...options.env,
  }
  const parts = building.move()
  return { dir, redis, slack, autentico, env, [Symbol.asyncDispose]: async () => parts.disposeAsync() }
}

function policyFile(dir: string, text: string): string {
  const file = join(dir, 'policy.yml')
  writeFileSync(file, text)
  return file
}
