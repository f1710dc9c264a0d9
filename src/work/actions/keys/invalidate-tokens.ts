import { setTimeout as pause } from 'node:timers/promises'
import type { OldTokens } from '#/autentico/old-tokens.ts'
import { randomSecret } from '#/autentico/signing-key.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Proof } from '../action.ts'
import { nobodySince } from '../everybody/everybody-out.ts'
import { signedEverybodyOut } from '../everybody/revoke-everybody.ts'
import { actingOnWhole } from '../whole.ts'
import { utc } from '../words.ts'
import { changeAndRestart } from './environment.ts'
import { forgetFor, keepFor, keptFor } from './key-files.ts'

const name: ActionName = 'invalidate-tokens'

/**
 * Makes every token that is out worthless. A new signing key alone signs nobody out: refresh tokens are signed with another secret, and
 * single sign-on cookies with none. So the refresh secret is replaced, Autentico restarted, and everybody's sessions revoked; tokens
 * that the bot obtained before are tried afterwards.
 */
export const invalidateTokens = actingOnWhole<{ readonly own: boolean; readonly users: number }>({
  name,
  look: async ({ autentico, reach }) => ({
    own: reach.environment !== undefined,
    users: (await autentico.everyUser.count()).active,
  }),
  effect: ({ own, users }) => ({
    sentence: `${own ? 'put a new AUTENTICO_REFRESH_TOKEN_SECRET into the environment file, restart Autentico, and ' : 'watch for the restart with a new AUTENTICO_REFRESH_TOKEN_SECRET that somebody makes by hand, and '}revoke every session of all ${users.toLocaleString('en')} users.`,
    question: `Make every token worthless? All ${users.toLocaleString('en')} users have to sign in again.`,
    verb: 'Invalidate them',
    warnings: [
      'The new signing key alone signs nobody out: refresh tokens and single sign-on cookies do not depend on it.',
      ...(own
        ? []
        : [
            'This worker has no AUTENTICO_ENV_FILE. Once this is approved, put the output of `openssl rand -hex 32` into AUTENTICO_REFRESH_TOKEN_SECRET and restart Autentico: the bot watches for ten minutes.',
          ]),
    ],
    basis: { environment: own },
  }),
  async execute(ctx, { own }) {
    const old = await tokensOfBefore(ctx)
    const changed = own
      ? await changeAndRestart(ctx, { AUTENTICO_REFRESH_TOKEN_SECRET: randomSecret(ctx.randomBytes) })
      : [await watchedRestart(ctx)]
    const { did, missed, at, more } = await signedEverybodyOut(ctx)
    return {
      did: [...changed, ...did],
      prove: async () => [...(await nobodySince(ctx, { action: name, at, missed })), ...(await oldOnesTried(ctx, old))],
      ...more,
    }
  },
  again: async (ctx) => {
    const at = ctx.order.params?.['everybodyOutAt']
    return at === undefined ? [] : nobodySince(ctx, { action: name, at: new Date(at) })
  },
})

/**
 * The same ones after a crash, or they would not be of before. They wait where the signing key does, and open nothing once the step is
 * done.
 */
async function tokensOfBefore({ autentico, reach, order, progress }: ActionContext): Promise<OldTokens | undefined> {
  const kept = await keptFor(reach.directory, order.incident, 'old-tokens')
  if (kept === undefined && progress.note('restarted') !== undefined) return undefined
  const isOurs = progress.note('tokens') !== undefined
  const keep = async (secret: string): Promise<void> => {
    await keepFor(reach.directory, order.incident, 'old-tokens', secret)
    await progress.remember('tokens', 'obtained')
  }
  // Of an earlier order that was cut off: those may have ended by themselves.
  return autentico.oldTokens({ kept: isOurs ? kept : undefined, keep })
}

async function oldOnesTried(
  { autentico, reach, order }: ActionContext,
  old: OldTokens | undefined,
): Promise<readonly Proof[]> {
  if (old === undefined) {
    const detail =
      autentico.signsIn === 'password'
        ? 'The tokens of before were obtained by another worker, which was cut off, so they could not be tried.'
        : 'With AUTENTICO_ADMIN_TOKEN the bot cannot sign in, so it has no tokens of before to try.'
    return [{ action: name, name: 'old-refresh-token-refused', proven: 'unknown', detail }]
  }
  const checks = await old.tried()
  if (checks.every(({ proven }) => proven === true)) await forgetFor(reach.directory, order.incident, 'old-tokens')
  return checks.map((check) => ({ ...check, action: name }))
}

const watchEveryMs = 1_000

/** Autentico is restarted by hand while this looks on. */
async function watchedRestart({ autentico, progress, now, times }: ActionContext): Promise<string> {
  const before = progress.note('restarted')
  if (before !== undefined) return before
  const first = await autentico.process()
  const until = new Date(now().getTime() + times.byHandMs)
  progress.asks(
    `Put the output of \`openssl rand -hex 32\` into AUTENTICO_REFRESH_TOKEN_SECRET and restart Autentico now: the bot watches until ${utc(until.toISOString())}.`,
  )
  for (let away = false; now() < until; ) {
    await pause(watchEveryMs)
    await progress.fence()
    const is = await autentico.process().catch(() => 'away' as const)
    if (is === 'away') away = true
    else if (away || (is !== undefined && is !== first)) {
      const sentence = 'Saw Autentico being restarted by hand.'
      await progress.remember('restarted', sentence)
      return sentence
    }
  }
  throw new CannotBeDone(
    'Autentico was not restarted while the bot watched. Nobody was signed out yet; ask again when you can.',
    {
      retry: true,
    },
  )
}
