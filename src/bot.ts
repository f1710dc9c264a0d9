import { join } from 'node:path'
import type { Logger } from 'pino'
import { createDeciders } from '#/deciders/deciders.ts'
import type { Governance } from '#/deciders/governance.ts'
import { type Incidents, later, recordedOf } from '#/deciders/incidents.ts'
import { accountsOf } from '#/doors/accounts.ts'
import { governanceLines, sayGovernance } from '#/doors/governance-status.ts'
import { createDoor, ledgerLines } from '#/doors/slack-door.ts'
import { startTerminal } from '#/doors/start-terminal.ts'
import { endLostStepUps, openStepUps, stepUpFault } from '#/doors/step-ups.ts'
import { breakDueGlass, endHolds } from '#/followers/alone.ts'
import { createDispatcher, type Dispatcher, entryOf } from '#/followers/dispatcher.ts'
import { stopKeeper } from '#/followers/keep-stopped.ts'
import { notary } from '#/followers/notary.ts'
import { createPoster, type Poster, TryLater } from '#/followers/poster.ts'
import { createReconciler, type QueueState } from '#/followers/reconciler.ts'
import { expire, remindOfLaw } from '#/followers/reminder.ts'
import { slackThread } from '#/followers/thread.ts'
import { governanceStream } from '#/governance/events.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import type { Entry } from '#/ledger/chain.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import { cannotKeep, refusedByDisk } from '#/ledger/disk.ts'
import { cappedBackoff, type FollowFailure, follow } from '#/ledger/follow.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { LedgerDamaged } from '#/ledger/schema.ts'
import type { Policy } from '#/policy/policy.ts'
import { ledgerName } from '#/record/rotate-key.ts'
import { watchLedger } from '#/record/watch-ledger.ts'
import { type ThreadWitness, witnessLines, witnessThreads } from '#/record/witness-threads.ts'
import { every } from '#/routines/every.ts'
import { startFiler } from '#/routines/start-filer.ts'
import { startNoticeboard } from '#/routines/start-noticeboard.ts'
import { startReminding } from '#/routines/start-reminding.ts'
import { type OutcomeTaker, takeOutcomes } from '#/routines/take-outcomes.ts'
import { type ThreadWatch, threadLines, watchThreads } from '#/routines/watch-threads.ts'
import { type Slack, startSlack } from '#/slack/start-slack.ts'
import type { ThreadNews } from '#/slack/thread-news.ts'
import { type OrderQueue, type OrderState, openOrderQueue } from '#/work/order-queue.ts'
import { openStopBoard, type StopBoard } from '#/work/stops.ts'
import { openVault, type Vault } from '#/work/vault.ts'
import type { BotDeps } from './bot-deps.ts'
import { type Config, ConfigError } from './config.ts'
import type { BotKeys } from './keyring.ts'
import { startReadOnlyBot } from './read-only.ts'
import { acceptedRequests, givenAnswers, slackOptions } from './slack-options.ts'

const expireEveryMs = 1_000
/** What is read of a thread before Slack is open. */
const notOpen = { kind: 'not readable', why: 'Slack is not open yet.' } as const
/** Who starts the bot waits for other things first, and the poster looks at the threads too. */
const witnessAfterMs = 20_000
const reconcileEveryMs = 2_000
const redrawEveryMs = 20_000
const settleEveryMs = 1_000
/** Slack lets an app draw about one Home tab a second. */
const redrawHomesEveryMs = 5_000

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
  const onThread = async (news: ThreadNews): Promise<void> => threads?.heard(news)
  const slack = building.use(await startSlack(slackOptions(deps, door, { seen, answers, onThread })))
  opened = slack
  // Closed before Slack is, so that whoever is signing in is told that it is lost.
  building.use(stepUps)
  for (const tell of lost) tell(slack.outbound)

  const dispatcher = building.use(startDispatcher({ ledger, incidents, queue, stops, vault, config, log }))
  building.use(startNotary({ ledger, incidents, governance, keys, config, log }))
  building.use(startVaultKeeper({ ledger, vault, log }))
  poster = posterOf({ ledger, incidents, slack, policy: () => rules.policy, config, log, now })
  building.use(startPoster({ ledger, incidents, poster, log }))
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
  building.use(startNoticeboard({ ledger, governance, slack, config, log, onFailure: onFailure(log) }))
  building.use(startFiler({ ledger, incidents, slack, dataDir: config.dataDir, log, onFailure: onFailure(log) }))
  building.use(startReconciling({ ledger, incidents, queue, stops, dispatcher, outcomes, config, log, now }))
  building.use(
    every(expireEveryMs, log, async () => {
      const { digest: policyDigest } = governance.policy()
      const around = { now: now().toISOString(), outlived: incidents.outlived, policyDigest }
      expire(incidents.open(), around, (id) => void incidents.execute(id, { type: 'ExpireRequests' }))
      governance.expire()
      remindOfLaw(incidents.open(), { ...around, later, legalDeadlineMs: config.legalDeadlineMs }, (id) => {
        incidents.execute(id, { type: 'RemindOfLegalClock' })
      })
    }),
  )
  building.use(startReminding({ incidents, slack, config: config.slack, policy: () => rules.policy, log, now }))
  building.use(startSettling({ incidents, slack, log, now }))
  building.use(every(redrawHomesEveryMs, log, redrawnHomes(ledger, slack)))
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

type FollowerDeps = { readonly ledger: Ledger; readonly log: Logger }

function onFailure(log: Logger): (failure: FollowFailure) => void {
  return ({ name, seq, attempt, retryInMs, error }) => {
    // It was said when Slack said it.
    if (error instanceof TryLater && error.again) return
    const why = error instanceof Error ? error.message : String(error)
    // The first tries are ordinary: Redis or Slack is away for a moment, and it goes on by itself.
    log[attempt > 3 ? 'error' : 'warn'](
      { follower: name, seq, attempt, retryInMs, why },
      'a follower waits and tries again',
    )
  }
}

/** While Slack limits one channel, the others, and what may be edited, are looked after this often. */
const besidesLimitMs = 100

/** Everything with a person waiting behind it is tried again soon. */
function soon(attempt: number, error: unknown): number {
  if (error instanceof TryLater && error.afterMs !== undefined) return Math.min(besidesLimitMs, error.afterMs)
  return Math.min(2_000, cappedBackoff(attempt) / 4)
}

function startDispatcher({
  ledger,
  incidents,
  queue,
  stops,
  vault,
  config,
  log,
}: FollowerDeps & {
  readonly incidents: Incidents
  readonly queue: OrderQueue
  readonly stops: StopBoard
  readonly vault: Vault
  readonly config: Config
}): AsyncDisposable & Pick<Dispatcher, 'isHeldUp'> {
  const { handle, again, isHeldUp } = createDispatcher({
    find: (id) => incidents.find(id),
    entry: (seq) => recordedAt(ledger, seq),
    issue: async (order) => void (await queue.issue(order)),
    keepStopped: stopKeeperOf(queue, stops),
    release: async (id) => stops.clear(id),
    cancel: async (order) => queue.cancel(order),
    settle: (id, order, { gone }) => void incidents.execute(id, { type: 'SettleWithdrawal', order, gone }),
    expected: () => expectedFindings(ledger),
    sealTo: (order) => keyFor(vault, order),
    wait(id, order, why) {
      const said = incidents.execute(id, { type: 'RecordWait', order, why })
      if (said.kind === 'accepted' && said.recorded.length > 0) log.error({ order, why }, 'an order waits for the disk')
    },
    orderTtlMs: config.orderTtlMs,
  })
  const following = follow({
    ledger,
    name: 'dispatcher',
    handle: async (entries) => handle(entries.map(recordedOf)),
    onFailure: onFailure(log),
    retryIn: soon,
  })
  const trying = every(diskAgainMs, log, again)
  return { isHeldUp, [Symbol.asyncDispose]: async () => both(trying, following)[Symbol.asyncDispose]() }
}

/** How often something is tried again that the disk refused. */
const diskAgainMs = 1_000

function keyFor(vault: Vault, order: OrderId): { readonly key: string } | { readonly why: string } {
  try {
    return { key: vault.keyFor(order) }
  } catch (error) {
    const refused = refusedByDisk(error)
    if (refused === undefined) throw error
    return { why: cannotKeep('the temporary password', refused) }
  }
}

/** What people have said of findings, in any incident. Reviews are rare, so this is read when one is ordered. */
function expectedFindings(ledger: Ledger): readonly string[] {
  const keys = ledger
    .streams({ having: 'FindingExpected' })
    .flatMap((id) => ledger.stream(id).map(recordedOf))
    .flatMap(({ event }) => (event.type === 'FindingExpected' ? [event.finding] : []))
  return [...new Set(keys)].slice(-mostExpected)
}

/** What fits into an order; the oldest are asked about again. */
const mostExpected = 2_000

function stopKeeperOf(queue: OrderQueue, stops: StopBoard): ReturnType<typeof stopKeeper> {
  return stopKeeper({
    publish: async (notice) => stops.publish(notice),
    withdraw: async (order) => queue.withdraw(order),
  })
}

function recordedAt(ledger: Ledger, seq: number): ReturnType<typeof recordedOf> | undefined {
  const entry = ledger.entry(seq)
  return entry === undefined ? undefined : recordedOf(entry)
}

function startNotary({
  ledger,
  incidents,
  governance,
  keys,
  config,
  log,
}: FollowerDeps & {
  readonly incidents: Incidents
  readonly governance: Governance
  readonly keys: BotKeys
  readonly config: Config
}): AsyncDisposable {
  const origin = ledgerName(ledger, keys.ledger)
  const handle = notary({
    sign: () => ({ size: ledger.size(), note: checkpoint(ledger, { origin, key: keys.ledger.privateKey }) }),
    record(stream, { size, note }) {
      const command = { type: 'RecordCheckpoint', size, note } as const
      if (stream === governanceStream) governance.execute(command)
      else incidents.execute(stream as IncidentId, command)
    },
    covered: (id, seq) => ledger.stream(id, seq).some(covers(seq)),
    every: config.checkpointEvery,
  })
  return follow({ ledger, name: 'notary', handle, onFailure: onFailure(log) })
}

function covers(seq: number): (entry: Entry) => boolean {
  return ({ type, body }) =>
    type === 'CheckpointSigned' &&
    typeof body === 'object' &&
    body !== null &&
    'size' in body &&
    Number(body['size']) >= seq
}

/** A secret that was shown, or has run out, leaves the disk as well. */
function startVaultKeeper({ ledger, vault, log }: FollowerDeps & { readonly vault: Vault }): AsyncDisposable {
  const handle = async (entries: readonly Entry[]): Promise<void> => {
    for (const { incident, event } of entries.map(recordedOf)) {
      // Shown, it was destroyed before that; unless the program was killed in between.
      if (event.type === 'SecretShown' || event.type === 'SecretDestroyed') vault.destroy(event.order)
      if (event.type === 'IncidentClosed') vault.clear(incident)
    }
  }
  return follow({ ledger, name: 'vault', handle, onFailure: onFailure(log) })
}

function posterOf({
  ledger,
  incidents,
  slack,
  policy,
  config,
  log,
  now,
}: FollowerDeps & {
  readonly incidents: Incidents
  readonly slack: Slack
  readonly policy: () => Policy
  readonly config: Config
  readonly now: () => Date
}): Poster {
  const thread = slackThread({
    outbound: slack.outbound,
    linkTo: (place) => slack.linkTo(place),
    timeline: (id) => incidents.timeline(id),
    policy,
    now,
  })
  return createPoster({
    find: (id) => incidents.find(id),
    timeline: (id, after) => incidents.timeline(id, after),
    startThread: (id, { channel, ts }) => void incidents.execute(id, { type: 'StartThread', channel, ts }),
    thread,
    onLost: (id, error) =>
      log.error(
        { incident: id, why: error.message },
        'the thread of an incident cannot be written; the ledger goes on without it',
      ),
    position: () => ledger.cursor('poster'),
    spacingMs: config.messageSpacingMs,
  })
}

function startPoster({
  ledger,
  incidents,
  poster,
  log,
}: FollowerDeps & { readonly incidents: Incidents; readonly poster: Poster }): AsyncDisposable {
  const following = follow({ ledger, name: 'poster', handle: poster.handle, onFailure: onFailure(log), retryIn: soon })
  // Countdowns move on although nothing happens.
  const redrawing = every(redrawEveryMs, log, async () => poster.redraw(incidents.open().map(({ id }) => id)))
  const running = both(redrawing, following)
  return {
    async [Symbol.asyncDispose]() {
      poster.stop()
      await running[Symbol.asyncDispose]()
    },
  }
}

/** What one person may do alone ends, or begins, by the clock. */
function startSettling({
  incidents,
  slack,
  log,
  now,
}: {
  readonly incidents: Incidents
  readonly slack: Slack
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  return every(settleEveryMs, log, async () => {
    endHolds(incidents.open(), { now: now().toISOString(), later }, (id) => {
      incidents.execute(id, { type: 'SettleHolds' })
    })
    await breakDueGlass({
      open: () => incidents.open(),
      now: () => now().toISOString(),
      ripe: incidents.ripe,
      standing: async ({ slack: { user } }) => slack.roster.standing(user),
      breakNow: (id, request, standing) => void incidents.execute(id, { type: 'BreakGlassNow', request, standing }),
    })
  })
}

/** Home tabs that are open follow the ledger: they are drawn anew when it has grown. */
function redrawnHomes(ledger: Ledger, slack: Slack): () => Promise<void> {
  let drawn = ledger.size()
  return async () => {
    const size = ledger.size()
    if (size === drawn) return
    drawn = size
    await slack.redrawHomes()
  }
}

function startReconciling({
  ledger,
  incidents,
  queue,
  stops,
  dispatcher,
  outcomes,
  config,
  log,
  now,
}: FollowerDeps & {
  readonly incidents: Incidents
  readonly queue: OrderQueue
  readonly stops: StopBoard
  readonly dispatcher: Pick<Dispatcher, 'isHeldUp'>
  readonly outcomes: OutcomeTaker
  readonly config: Config
  readonly now: () => Date
}): AsyncDisposable {
  const issueAgain = (id: IncidentId, order: Parameters<OrderQueue['state']>[0], why: string) => {
    log.warn({ order, why }, 'an order is issued again')
    incidents.execute(id, { type: 'IssueAgain', order, why })
  }
  const reconcile = createReconciler({
    open: () => incidents.open(),
    stateOf: async (order) => queueStates[await queue.state(order)],
    dispatched: (order) => ledger.cursor('dispatcher') >= entryOf(order) && !dispatcher.isHeldUp(order),
    outcomeWaits: outcomes.waits,
    keepStopped: stopKeeperOf(queue, stops),
    issueAgain,
    expire: (id, order, sentence) => void incidents.execute(id, { type: 'ExpireOrder', order, sentence }),
    orderTtlMs: config.orderTtlMs,
    now: () => now().getTime(),
  })
  return every(reconcileEveryMs, log, reconcile)
}

const queueStates: Readonly<Record<OrderState, QueueState>> = {
  absent: 'absent',
  waiting: 'waiting',
  delayed: 'waiting',
  active: 'waiting',
  done: 'ended',
  failed: 'ended',
}

function both(one: AsyncDisposable, other: AsyncDisposable): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}
