import { isFailure, OutcomeUnknown } from '#/autentico/failures.ts'
import type { Account } from '#/autentico/users.ts'
import type { ActionContext } from '../action.ts'

/** Somebody whose sessions could not be revoked, and the last reason. */
export type Missed = { readonly id: string; readonly username: string; readonly why: string }

export type Revoked = { readonly revoked: number; readonly missed: readonly Missed[] }

/** Calls on their way at a time: more does not make Autentico, which has one writer, any faster. */
export const callsAtOnce = 16

/** How many users lie between two places from which the work is taken up again. */
const stretch = 400

/** How often somebody is tried again at the end. */
const rounds = 3

/**
 * Revokes the sessions of everybody that Autentico shows, but for the bot, in the order of their ids. Where it was cut off it goes on:
 * those of the last stretch may be revoked twice, nobody is forgotten. Who could not be done is tried again at the end.
 *
 * @throws the failure itself when nobody in a stretch could be done: Autentico is away then, and the order comes again.
 */
export async function revokeAll(ctx: ActionContext, { except }: { readonly except: string }): Promise<Revoked> {
  const { autentico, progress, now } = ctx
  const begun = now().getTime()
  const { active: total } = await autentico.everyUser.count()
  const before = Number(progress.note('revoked') ?? 0)
  let done = before
  let missed: Missed[] = readMissed(progress.note('missed'))
  // A stretch alone may take a minute where Autentico is slow, so it is told within one as well.
  const tell = (within = 0): void => {
    const so = done + within
    const speed = (so - before) / Math.max(1, now().getTime() - begun)
    const secondsLeft = speed > 0 ? Math.ceil((total - so) / speed / 1_000) : undefined
    progress.tell({
      done: so,
      total: Math.max(total, so),
      failed: missed.length,
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
    })
  }

  for await (const some of stretches(autentico.everyUser.active({ after: progress.note('revokedUpTo') }))) {
    await progress.fence()
    let tried = 0
    const failed = await each(
      ctx,
      some.filter(({ id }) => id !== except),
      () => {
        tried += 1
        tell(tried)
      },
    )
    missed = [...missed, ...failed]
    done += some.length
    await progress.remember('revoked', String(done))
    await progress.remember('missed', JSON.stringify(missed.slice(0, mostMissed)))
    await progress.remember('revokedUpTo', some.at(-1)?.id ?? '')
    tell()
  }
  for (let round = 0; round < rounds && missed.length > 0; round += 1) {
    await progress.fence()
    missed = await each(ctx, missed)
    tell()
  }
  return { revoked: done - missed.length, missed }
}

/** What the memory of an order takes; more who cannot be done than this is Autentico being away. */
const mostMissed = 1_000

function readMissed(text: string | undefined): Missed[] {
  return text === undefined ? [] : (JSON.parse(text) as Missed[])
}

/** So many calls at once, for each of these; `tried` after every one. Gives those that failed. */
async function each(
  { autentico }: ActionContext,
  users: readonly Pick<Account, 'id' | 'username'>[],
  tried?: () => void,
): Promise<Missed[]> {
  const missed: Missed[] = []
  let first: Error | undefined
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const user = users[next]
      next += 1
      if (user === undefined) return
      try {
        await autentico.users.revokeSessions(user.id)
      } catch (error) {
        if (!(error instanceof Error) || !isFailure(error)) throw error
        first ??= error
        missed.push({
          id: user.id,
          username: user.username,
          why: error instanceof OutcomeUnknown ? 'no answer' : error.name,
        })
      }
      tried?.()
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, lane))
  // One of many is that one's trouble; all of them are not.
  if (first !== undefined && missed.length === users.length && users.length > 1) throw first
  return missed
}

/** Reads the next stretch while the last one is worked on. */
async function* stretches(
  users: AsyncGenerator<Account, void, undefined>,
): AsyncGenerator<readonly Account[], void, undefined> {
  const read = async (): Promise<readonly Account[]> => {
    const some: Account[] = []
    while (some.length < stretch) {
      const next = await users.next()
      if (next.done === true) break
      some.push(next.value)
    }
    return some
  }
  let coming = read()
  for (;;) {
    const some = await coming
    if (some.length === 0) return
    coming = read()
    // A read that fails is met when its turn comes.
    coming.catch(() => undefined)
    yield some
  }
}
