import type { KeyObject } from 'node:crypto'
import type { Autentico } from '#/autentico/connect.ts'
import { isFailure } from '#/autentico/failures.ts'
import { parseTime } from '#/autentico/times.ts'
import type { Account } from '#/autentico/users.ts'
import type { Reach } from './actions/action.ts'
import { announce } from './presence.ts'
import {
  type AccountHit,
  type Answer,
  type Answers,
  type Query,
  question,
  questionKeys,
  type Reply,
} from './questions.ts'
import type { RedisPlace } from './queue.ts'
import { reachFindings } from './reach-findings.ts'
import { impatientConnection, longestBlockSeconds, patientConnection } from './redis.ts'
import { signed, verified } from './signing.ts'

export type AnswerDeps = RedisPlace & {
  readonly name: string
  readonly prefix: string
  readonly autentico: Autentico
  readonly reach: Reach
  readonly botKeys: readonly KeyObject[]
  readonly signingKey: KeyObject
  readonly now: () => Date
}

/** Answers the bot's questions until it is disposed of. Only reads; a question nobody signed, or that is too old, is dropped. */
export function answerQuestions(deps: AnswerDeps): AsyncDisposable {
  const { url, prefix, log, name, botKeys, signingKey, now } = deps
  const keys = questionKeys(prefix)
  const ears = patientConnection(url, log)
  const redis = impatientConnection(url, log)
  const stopping = new AbortController()

  async function answer(text: string): Promise<void> {
    const seen = verified(parsed(text), { purpose: 'question', schema: question, keys: botKeys, longest: 4096 })
    if (seen.kind === 'refused') {
      log.warn({ why: seen.why, digest: seen.digest }, 'a question was refused')
      return
    }
    const { id, until, query } = seen.value
    if (until <= now().toISOString()) return
    const reply: Reply = { id, answer: await answerTo(deps, query) }
    await redis.publish(keys.replies, JSON.stringify(signed('answer', reply, signingKey)))
  }

  async function listen(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Not for ever: a connection that died in silence is noticed by its not answering.
      const taken = await ears
        .blpop(keys.list, keys.listOf(name), longestBlockSeconds)
        .catch(() => pause(500, stopping.signal))
      if (Array.isArray(taken)) void answer(taken[1]).catch(() => log.warn({}, 'a question could not be answered'))
    }
  }
  void listen()
  const presence = announce({ redis, prefix, name, signingKey, now })

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await presence[Symbol.asyncDispose]()
      // What is being listened for at this moment may never return once the connection is gone, so it is not waited for.
      ears.disconnect()
      redis.disconnect()
    },
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
  return undefined
}

async function answerTo(deps: AnswerDeps, query: Query): Promise<Answer> {
  try {
    switch (query.kind) {
      case 'search':
        return await search(deps.autentico, query.text, query.limit)
      case 'pick':
        return await pick(deps.autentico, query.text)
      case 'capabilities':
        return await capabilities(deps)
      case 'last-sign-in':
        return await lastSignIn(deps.autentico, query.account)
    }
  } catch (error) {
    if (isFailure(error)) return { kind: 'unavailable', why: error.message }
    deps.log.error({ err: error }, 'a question met a fault of our own')
    return { kind: 'unavailable', why: 'The worker stopped on a fault of its own; its log says more.' }
  }
}

async function search(autentico: Autentico, text: string, limit: number): Promise<Answers['search']> {
  const [accounts, bot] = await Promise.all([autentico.users.search(text, limit), autentico.whoami()])
  const hits = accounts.map(async (account, index) => {
    // Each count is one more call, so only those that are looked at first get one.
    const sessions = index < 5 ? await sessionsOf(autentico, account.id) : undefined
    return hitOf(account, bot.userId, sessions)
  })
  return { kind: 'hits', hits: await Promise.all(hits) }
}

async function pick(autentico: Autentico, text: string): Promise<Answers['pick']> {
  const [found, bot] = await Promise.all([autentico.users.find(text), autentico.whoami()])
  switch (found.kind) {
    case 'found':
      return { kind: 'found', account: hitOf(found.account, bot.userId, await sessionsOf(autentico, found.account.id)) }
    case 'ambiguous':
      return { kind: 'ambiguous', candidates: found.candidates.map((one) => hitOf(one, bot.userId)) }
    case 'none':
      return (
        (await suspended(autentico, text, bot.userId)) ?? {
          kind: 'none',
          nearest: found.nearest.map((one) => one.username),
          note:
            autentico.database === undefined
              ? 'Autentico does not show suspended accounts, so it may be one of those.'
              : '',
        }
      )
  }
}

/** The admin API shows nobody who is suspended; the database does. */
async function suspended(autentico: Autentico, text: string, bot: string): Promise<Answers['pick'] | undefined> {
  if (autentico.database === undefined) return undefined
  const email = text.toLowerCase()
  const all = await autentico.database.deactivatedAccounts()
  const matches = all.filter(
    (one) => one.id === text || one.username === text || (email !== '' && one.email.toLowerCase() === email),
  )
  const hits = matches.map(
    ({ id, username, email: address }): AccountHit => ({
      id,
      username,
      email: address,
      isBot: id === bot,
      suspended: true,
    }),
  )
  const [account, another] = hits
  if (account === undefined) return undefined
  return another === undefined ? { kind: 'suspended', account } : { kind: 'ambiguous', candidates: hits }
}

async function capabilities({ autentico, reach, name }: AnswerDeps): Promise<Answers['capabilities']> {
  const { adminApi, database, auditing, findings } = await autentico.capabilities()
  return {
    kind: 'capabilities',
    worker: name,
    adminApi,
    database,
    auditing,
    findings: [...findings.map((one) => ({ ...one })), ...(await reachFindings(reach))],
  }
}

/** Each sign-in with a browser leaves a login in Autentico's list, whatever it was made with; a token that was renewed leaves none. */
async function lastSignIn(autentico: Autentico, account: string): Promise<Answers['last-sign-in']> {
  const logins = await autentico.sessions.idpOfUser(account)
  const moments = logins.flatMap(({ createdAt }) => parseTime(createdAt)?.toISOString() ?? [])
  const latest = moments.toSorted().at(-1)
  return { kind: 'last-sign-in', ...(latest === undefined ? {} : { at: latest }) }
}

async function sessionsOf(autentico: Autentico, id: string): Promise<number> {
  return (await autentico.sessions.ofUser(id)).filter((one) => one.live).length
}

function hitOf({ id, username, email, totpVerified }: Account, bot: string, sessions?: number): AccountHit {
  return {
    id,
    username,
    email,
    mfa: totpVerified,
    isBot: id === bot,
    suspended: false,
    ...(sessions === undefined ? {} : { sessions }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
