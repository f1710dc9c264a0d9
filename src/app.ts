import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Autentico, type AutenticoConnection, connectAutentico } from '#/autentico/connect.ts'
import type { Ended } from '#/autentico/observed.ts'
import type { Credentials } from '#/autentico/token.ts'
import type { Health } from '#/doors/health.ts'
import { scrub } from '#/incident/scrub.ts'
import { openProxy, type Proxy } from '#/proxy/apply.ts'
import { commands } from '#/proxy/command.ts'
import { settleRotations } from '#/record/rotate-key.ts'
import { every } from '#/routines/every.ts'
import type { Reach } from '#/work/actions/action.ts'
import { KeyUnusable } from '#/work/keys.ts'
import { reachFindings } from '#/work/reach-findings.ts'
import { startWorker, type WorkerDeps } from '#/work/worker.ts'
import { startBot } from './bot.ts'
import type { AutenticoConfig, Config, Secrets } from './config.ts'
import { type Keyring, openKeyring } from './keyring.ts'

export type AppDeps = {
  readonly config: Config
  readonly secrets: Secrets
  readonly log: Logger
  /** Something is stuck that only a restart mends. */
  readonly onStuck: (why: string) => void
}

/** How long running orders may take to end when the program is stopped; what has not ended then is handed back. */
const graceMs = 5_000

/**
 * Builds every part of the chosen role and joins them; closing goes in reverse order of building, so the bot stops taking clicks
 * before the worker lets go of its orders. Throws before anything runs when a key, the ledger, Redis or Slack's tokens are unusable.
 */
export async function startApp({ config, secrets, log, onStuck }: AppDeps): Promise<AsyncDisposable> {
  await using building = new AsyncDisposableStack()
  if (config.role !== 'worker') settleRotations(config.dataDir)
  const keyring = openKeyring(config)
  const health = await healthOf({ config, secrets, log })
  if (health !== undefined) building.use(health)
  if (config.autentico !== undefined) {
    const autentico = building.use(connectTo(config.autentico, secrets, health?.counts.exchanged))
    const deps = workerDeps({ config, secrets, keyring, autentico, log })
    void sayCapabilities(deps)
    const worker = await startWorker({ ...deps, ended: health?.counts.orderEnded })
    if (deps.reach.proxy !== undefined) building.use(settling(deps.reach.proxy.proxy, log))
    building.defer(async () => worker.stop({ graceMs }))
    if (health !== undefined) {
      const { showWorker } = await import('#/doors/health-of-worker.ts')
      showWorker(health, { worker, autentico, role: config.role })
    }
    log.info({ worker: config.workerId }, 'the worker is ready')
  }
  const { slack } = config
  if (slack !== undefined && keyring.bot !== undefined) {
    const bot = {
      config: { ...config, slack },
      secrets,
      keys: keyring.bot,
      workerKeys: keyring.trustedWorkers,
      log,
      onStuck,
      health,
    }
    building.use(await startBot(bot))
  }
  health?.board.complete()
  return building.move()
}

/** Loaded only where an address for operators is configured: nobody else pays for it. */
async function healthOf({ config, secrets, log }: Omit<AppDeps, 'onStuck'>): Promise<Health | undefined> {
  if (config.health === undefined) return undefined
  const { startHealth } = await import('#/doors/health.ts')
  return startHealth({ config: { ...config, health: config.health }, secrets, log })
}

function workerDeps({
  config,
  secrets,
  keyring,
  autentico,
  log,
}: {
  readonly config: Config
  readonly secrets: Secrets
  readonly keyring: Keyring
  readonly autentico: Autentico
  readonly log: Logger
}): Parameters<typeof startWorker>[0] {
  const { worker, trustedBot, trustedWorkers } = keyring
  if (worker === undefined || trustedBot.sealing === undefined) {
    throw new KeyUnusable(
      'The worker knows no key of the bot to seal secrets to. Put the output of `responder keys` on the bot into BOT_PUBLIC_KEYS_FILE.',
    )
  }
  return {
    url: secrets.redisUrl,
    prefix: config.queuePrefix,
    log,
    name: config.workerId,
    autentico,
    journalFile: join(config.dataDir, 'worker', 'journal.sqlite'),
    signingKey: worker.signing.privateKey,
    workerKeys: trustedWorkers,
    botKeys: trustedBot.signing,
    sealTo: trustedBot.sealing,
    reach: reachOf(config),
    times: { pendingLoginMs: config.pendingLoginMs, secretTtlMs: config.secretTtlMs },
  }
}

/** Takes a change of the proxy back that nobody kept in time, or that an earlier process left half done. */
function settling(proxy: Proxy, log: Logger): AsyncDisposable {
  let said = ''
  return every(settleEveryMs, log, async () => {
    const settled = await proxy.settle()
    if (settled.kind === 'nothing' || settled.kind === 'waiting' || settled.sentence === said) return
    said = settled.sentence
    log[settled.kind === 'stuck' ? 'error' : 'warn']({ what: 'proxy' }, settled.sentence)
  })
}

const settleEveryMs = 5_000

/** What this machine's worker can reach besides the admin API, as the configuration names it. */
export function reachOf({ dataDir, environment, proxy, known }: Config): Reach {
  const { envFile: file, restartCommand } = environment
  const { kind, configPath, testCommand, reloadCommand, upstream, probeFrom } = proxy
  return {
    directory: join(dataDir, 'worker'),
    known,
    ...(file === undefined || restartCommand === undefined ? {} : { environment: { file, restartCommand } }),
    ...(kind === undefined || configPath === undefined
      ? {}
      : {
          proxy: {
            kind,
            configPath,
            testCommand,
            reloadCommand,
            proxy: openProxy({
              kind,
              testCommand,
              reloadCommand,
              noteFile: join(dataDir, 'worker', 'proxy.json'),
              run: commands({ scrub }),
              now: () => new Date(),
            }),
          },
        }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(probeFrom.length === 0 ? {} : { probeFrom }),
  }
}

/** What cannot be promised on this machine, once, where an operator looks. Autentico being away is no reason not to start. */
async function sayCapabilities({ autentico, reach, log }: WorkerDeps): Promise<void> {
  const { findings } = await autentico.capabilities()
  for (const { name, ok, sentence } of [...findings, ...(await reachFindings(reach))])
    if (ok === false) log.warn({ what: name }, sentence)
}

/** Autentico as the configuration names it. */
export function connectTo(
  autentico: AutenticoConfig,
  secrets: Secrets,
  ended?: (exchange: Ended) => void,
): AutenticoConnection {
  const { url, databasePath } = autentico
  return connectAutentico({ url, databasePath, credentials: credentialsOf(autentico, secrets), ended })
}

function credentialsOf({ clientId, username }: AutenticoConfig, secrets: Secrets): Credentials {
  const {
    autenticoAdminToken: token,
    autenticoClientSecret: clientSecret,
    autenticoPassword: password,
    autenticoTotpSecret: totpSecret,
  } = secrets
  if (token !== undefined) return { kind: 'bearer', token }
  return {
    kind: 'password',
    clientId: clientId ?? '',
    clientSecret,
    username: username ?? '',
    password: password ?? '',
    totpSecret,
  }
}
