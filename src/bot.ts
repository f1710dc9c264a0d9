import { join } from 'node:path'
import { createDeciders } from '#/deciders/deciders.ts'
import { accountsOf } from '#/doors/accounts.ts'
import { governanceLines, sayGovernance } from '#/doors/governance-status.ts'
import { createDoor, ledgerLines } from '#/doors/slack-door.ts'
import { startTerminal } from '#/doors/start-terminal.ts'
import { endLostStepUps, openStepUps, stepUpFault } from '#/doors/step-ups.ts'
import type { Poster } from '#/followers/poster.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { LedgerDamaged } from '#/ledger/schema.ts'
import { ledgerName } from '#/record/rotate-key.ts'
import { watchLedger } from '#/record/watch-ledger.ts'
import { type ThreadWitness, witnessLines, witnessThreads } from '#/record/witness-threads.ts'
import { startDispatcher } from '#/routines/start-dispatcher.ts'
import { startEndingSignIns } from '#/routines/start-ending-sign-ins.ts'
import { startExpiring } from '#/routines/start-expiring.ts'
import { startFiler } from '#/routines/start-filer.ts'
import { startMessenger } from '#/routines/start-messenger.ts'
import { startNotary } from '#/routines/start-notary.ts'
import { startNoticeboard } from '#/routines/start-noticeboard.ts'
import { posterOf, startPoster } from '#/routines/start-poster.ts'
import { startReconciling } from '#/routines/start-reconciling.ts'
import { startRedrawingHomes } from '#/routines/start-redrawing-homes.ts'
import { startReminding } from '#/routines/start-reminding.ts'
import { startSettling } from '#/routines/start-settling.ts'
import { startVaultKeeper } from '#/routines/start-vault-keeper.ts'
import { takeOutcomes } from '#/routines/take-outcomes.ts'
import { type ThreadWatch, threadLines, watchThreads } from '#/routines/watch-threads.ts'
import { type Slack, startSlack } from '#/slack/start-slack.ts'
import type { ThreadNews } from '#/slack/thread-news.ts'
import { openOrderQueue } from '#/work/order-queue.ts'
import { openStopBoard } from '#/work/stops.ts'
import { openVault } from '#/work/vault.ts'
import type { BotDeps } from './bot-deps.ts'
import { ConfigError } from './config.ts'
import { startReadOnlyBot } from './read-only.ts'
import { acceptedRequests, givenAnswers, keptPosts, slackOptions } from './slack-options.ts'

/** What is read of a thread before Slack is open. */
const notOpen = { kind: 'not readable', why: 'Slack is not open yet.' } as const
/** Who starts the bot waits for other things first, and the poster looks at the threads too. */
const witnessAfterMs = 20_000

/** The bot; where the ledger is damaged, one that writes nothing and says so. Resolves when clicks can be taken. */
export async function startBot(deps: BotDeps): Promise<AsyncDisposable> {
  try {
    return await startWritingBot(deps)
  } catch (error) {
    if (error instanceof LedgerDamaged) return startReadOnlyBot(deps, error)
    throw error
  }
}

/**
 * Builds the bot: the ledger, its followers, the way to the workers, and the door to Slack. Resolves when clicks can be taken. Closing
 * goes in reverse: no click is left half done, followers finish the batch under way, the ledger is closed last.
 */
async function startWritingBot(deps: BotDeps): Promise<AsyncDisposable> {
  const { config, secrets, keys, log } = deps
  const now = () => new Date()
  await using building = new AsyncDisposableStack()

  const file = join(config.dataDir, 'ledger.sqlite')
  const ledger = building.use(openLedger({ file }))
  const watch = building.use(watchLedger({ ledger, dataDir: config.dataDir, everyMs: config.verifyEveryMs, log, now }))
  const { governance, incidents, rules } = createDeciders({ ledger, file, config, now })
  const keyCount = governance.keys().length
  const fault = stepUpFault([rules.policy, config.policy], { stepUp: config.stepUp, keys: keyCount })
  if (fault !== undefined) throw new ConfigError([fault])
  if (config.stepUp !== undefined && keyCount === 0)
    log.warn(
      {},
      'nobody has a registered terminal key, so nothing can be approved where Autentico itself is the patient',
    )
  const vault = openVault(join(config.dataDir, 'sealed'))
  const redis = { url: secrets.redisUrl, prefix: config.queuePrefix, log }

  const queue = building.use(openOrderQueue({ ...redis, signingKey: keys.signing.privateKey }))
  const stops = building.use(openStopBoard({ ...redis, signingKey: keys.signing.privateKey }))
  const accounts = building.use(accountsOf({ redis, keys, workerKeys: deps.workerKeys }))
  const stepUps = await openStepUps({ config, secrets, accounts, log })
  const outcomes = building.use(
    takeOutcomes({ redis, dataDir: config.dataDir, keys, workerKeys: deps.workerKeys, incidents, vault, log }),
  )

  // Both are made after the door that speaks of them.
  let opened: Slack | undefined
  let poster: Poster | undefined
  let threads: ThreadWatch | undefined
  let witness: ThreadWitness | undefined
  let noHistory: string | undefined
  const door = createDoor({
    incidents,
    policy: () => rules.policy,
    governance,
    playbooks: config.playbooks,
    accounts,
    vault,
    sealingKey: keys.sealing.privateKey,
    verifyLedger: async (checkpoints) => watch.verifyNow(checkpoints),
    readThread: async (place) => opened?.readThread(place) ?? notOpen,
    writeFailed: (error) => watch.failed(error),
    log,
    drill: config.drill,
    status: async () => [
      ...ledgerLines(watch),
      ...threadLines(threads, noHistory),
      ...(witness === undefined ? [] : witnessLines(witness)),
      ...governanceLines(governance),
      ...(await accounts.status()),
    ],
    requestPlace: (incident, request) => poster?.requestPlace(incident, request),
    beginSignIn: stepUps.beginSignIn,
  })
  // Before anybody can begin another one.
  const lost = endLostStepUps(incidents, governance)
  const seen = building.use(acceptedRequests(deps))
  const answers = building.use(givenAnswers(deps))
  const posts = building.use(keptPosts(deps))
  const onThread = async (news: ThreadNews): Promise<void> => threads?.heard(news)
  const slack = building.use(await startSlack(slackOptions(deps, door, { seen, answers, posts, onThread })))
  opened = slack
  // Closed before Slack is, so that whoever is signing in is told that it is lost.
  building.use(stepUps)
  for (const tell of lost) tell(slack.outbound)

  const dispatcher = building.use(startDispatcher({ ledger, incidents, queue, stops, vault, config, log }))
  building.use(startNotary({ ledger, incidents, governance, keys, config, log }))
  building.use(startVaultKeeper({ ledger, vault, log }))
  poster = posterOf({ ledger, incidents, slack, policy: () => rules.policy, config, log, now })
  building.use(startPoster({ ledger, incidents, poster, log }))
  building.use(startMessenger({ ledger, incidents, slack, poster, log }))
  threads = building.use(watchThreads({ incidents, slack, poster, log }))
  witness = building.use(
    witnessThreads({
      incidents,
      readThread: async (place) => slack.readThread(place),
      verify: async (checkpoints) => watch.verifyNow(checkpoints),
      log,
      now,
      afterMs: Math.min(config.verifyEveryMs, witnessAfterMs),
    }),
  )
  building.use(startNoticeboard({ ledger, governance, slack, config, log }))
  building.use(startFiler({ ledger, incidents, slack, dataDir: config.dataDir, log }))
  building.use(startReconciling({ ledger, incidents, queue, stops, dispatcher, outcomes, config, log, now }))
  building.use(startExpiring({ incidents, governance, legalDeadlineMs: config.legalDeadlineMs, log, now }))
  building.use(startReminding({ incidents, governance, slack, config: config.slack, log, now }))
  building.use(startSettling({ incidents, slack, log, now }))
  building.use(startEndingSignIns({ slack, log }))
  building.use(startRedrawingHomes({ ledger, slack, log }))
  building.use(
    await startTerminal({
      dataDir: config.dataDir,
      origin: ledgerName(ledger, keys.ledger),
      ledger,
      incidents,
      keyOf: (fingerprint) => governance.keyOf(fingerprint),
      roster: slack.roster,
      now,
      writeFailed: (error) => watch.failed(error),
      log,
    }),
  )

  if (deps.health !== undefined) {
    const { showBot } = await import('#/doors/health-of-bot.ts')
    showBot(deps.health, { ledger, incidents, slack, watch, witness, now, outcomesRebuilt: () => outcomes.rebuilt() })
  }
  const findings = await slack.check()
  noHistory = findings.find(({ about }) => about === 'history')?.sentence
  for (const finding of findings) log[finding.fatal ? 'error' : 'warn']({ what: 'slack' }, finding.sentence)
  sayGovernance(governance, config, log)
  void stepUps.trouble().then((why) => (why === undefined ? undefined : log.error({ what: 'step-up' }, why)))
  log.info({ entries: ledger.size(), open: incidents.open().length, port: slack.port() }, 'the bot is ready')
  return building.move()
}
