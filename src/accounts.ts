import type { AccountHit, Door, Pick } from '#/slack/door.ts'
import { type Directory, openDirectory } from '#/work/directory.ts'
import type { Answers } from '#/work/questions.ts'
import type { RedisPlace } from '#/work/queue.ts'
import type { BotKeys } from './keyring.ts'

/** Autentico's accounts as people in Slack look for them, through a worker: the bot itself needs no way to Autentico. */
export type Accounts = Door['accounts'] &
  AsyncDisposable & {
    /** What the workers can do, in sentences. */
    readonly status: () => Promise<readonly string[]>
  }

// A type-ahead is answered after two seconds, come what may: it has to be known before that that nobody answers, or nothing is said.
// A form that was sent may say later what is wrong with it.
const searchMs = 1_600
const pickMs = 2_300
const statusMs = 5_000

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

async function status(directory: Directory): Promise<readonly string[]> {
  const answer = await directory.ask({ kind: 'capabilities' }, statusMs)
  if (answer.kind === 'unavailable') return [`⛔ ${answer.why}`]
  const signs = { true: '✅', false: '⚠️', unknown: '❔' } as const
  return answer.findings.map(({ ok, sentence }) => `${signs[`${ok}`]} ${sentence}`)
}
