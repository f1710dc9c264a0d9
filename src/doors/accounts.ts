import { utc } from '#/incident/times.ts'
import type { BotKeys } from '#/keyring.ts'
import type { AccountHit, Door, Pick } from '#/slack/door.ts'
import { type Directory, openDirectory } from '#/work/directory.ts'
import type { WorkerSeen } from '#/work/presence.ts'
import type { Answers } from '#/work/questions.ts'
import type { RedisPlace } from '#/work/queue.ts'

/** Autentico's accounts as people in Slack look for them, through a worker: the bot itself needs no way to Autentico. */
export type Accounts = Door['accounts'] &
  AsyncDisposable & {
    /** What the workers can do, in sentences. */
    readonly status: () => Promise<readonly string[]>
    /** When an account, by its id, last signed in with a browser. */
    readonly lastSignIn: (account: string) => Promise<Answers['last-sign-in']>
  }

// A type-ahead is answered after two seconds, come what may: it has to be known before that that nobody answers, or nothing is said.
// A form that was sent may say later what is wrong with it.
const searchMs = 1_600
const pickMs = 2_300
/** Somebody looks at a form that follows what happens. */
const signInMs = 5_000
// The Home tab says what it can in a second and a half.
const redisMs = 400
const workerMs = 1_100

export function accountsOf({
  redis,
  keys,
  workerKeys,
}: {
  readonly redis: RedisPlace
  readonly keys: BotKeys
  readonly workerKeys: Parameters<typeof openDirectory>[0]['workerKeys']
}): Accounts {
  const directory = openDirectory({ ...redis, signingKey: keys.signing.privateKey, workerKeys })
  return {
    async search(text) {
      const answer = await directory.ask({ kind: 'search', text: text.slice(0, 200), limit: 20 }, searchMs)
      return answer.kind === 'hits' ? answer.hits.map(hit) : answer
    },
    async trouble() {
      // Any look will do: what matters is whether there is an answer.
      const answer = await directory.ask({ kind: 'search', text: 'a', limit: 1 }, searchMs)
      return answer.kind === 'hits' ? undefined : answer.why
    },
    pick: async (text) => pickOf(await directory.ask({ kind: 'pick', text: text.slice(0, 200) }, pickMs)),
    status: async () => status(directory),
    lastSignIn: async (account) => directory.ask({ kind: 'last-sign-in', account }, signInMs),
    [Symbol.asyncDispose]: async () => directory[Symbol.asyncDispose](),
  }
}

function pickOf(answer: Answers['pick']): Pick {
  switch (answer.kind) {
    case 'found':
      return { kind: 'found', account: hit(answer.account) }
    case 'suspended':
      return { kind: 'found', account: { ...hit(answer.account), deactivated: true } }
    case 'none': {
      const [nearest] = answer.nearest
      const { note } = answer
      return { kind: 'none', ...(nearest === undefined ? {} : { nearest }), ...(note === '' ? {} : { note }) }
    }
    case 'ambiguous':
      return { kind: 'ambiguous', candidates: answer.candidates.map(hit) }
    case 'unavailable':
      return answer
  }
}

function hit({
  id,
  username,
  email,
  sessions,
  mfa,
  isBot,
}: Extract<Answers['pick'], { kind: 'found' }>['account']): AccountHit {
  return {
    id,
    username,
    email,
    isBot,
    ...(sessions === undefined ? {} : { sessions }),
    ...(mfa === undefined ? {} : { mfa }),
  }
}

/**
 * Redis, and every worker that has said that it is there, a sign and a sentence each. Whoever does not answer in time is not known
 * of; nobody waits longer for it.
 */
async function status(directory: Directory): Promise<readonly string[]> {
  const refused = await directory.refusal(redisMs)
  if (refused !== undefined)
    return [
      `⛔ Redis answers, but takes nothing (${refused}). What is approved waits. Ask an operator to look after it.`,
    ]
  const workers = await directory.workers(redisMs)
  if (workers === undefined) {
    const since = directory.awaySince()
    const when = since === undefined ? '' : ` since ${utc(since)}`
    return [
      `⛔ Redis does not answer${when}. What is approved waits, and goes on by itself. The workers are not known.`,
    ]
  }
  if (!workers.some(({ present }) => present))
    return ['✅ Redis answers.', ...workers.map(awayLine), '⛔ No worker is running: what is approved waits for one.']
  const said = workers.map(async (one) =>
    one.present
      ? workerLines(one.worker, await directory.ask({ kind: 'capabilities' }, workerMs, one.worker))
      : [awayLine(one)],
  )
  return ['✅ Redis answers.', ...(await Promise.all(said)).flat()]
}

function awayLine({ worker, at }: WorkerSeen): string {
  return `⛔ ${worker} has not been heard of since ${utc(at)}.`
}

/** Findings that say nothing about what can be done or proven. */
const asides: ReadonlySet<string> = new Set(['lookup', 'settings'])

function workerLines(worker: string, answer: Answers['capabilities']): readonly string[] {
  if (answer.kind === 'unavailable') return [`❔ ${worker} runs, but did not say in time what it can do: not known.`]
  const wanting = answer.findings.filter(({ name, ok }) => ok !== true && !asides.has(name))
  if (wanting.length === 0) return [`✅ ${worker}: Autentico answers, and everything can be proven.`]
  const first = answer.adminApi
    ? `${answer.database ? '✅' : '⚠️'} ${worker}: Autentico answers${answer.database ? ', and everything can be proven' : '; not everything can be proven'}.`
    : `⛔ ${worker}: Autentico cannot be used.`
  return [first, ...wanting.map(({ ok, sentence }) => `${ok === 'unknown' ? '❔' : '⚠️'} ${worker}: ${sentence}`)]
}
