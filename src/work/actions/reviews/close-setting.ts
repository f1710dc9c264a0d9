import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { isSafelyChangeable, safeValues } from './safe-settings.ts'

const name: ActionName = 'close-setting'

/** Puts one setting that opens a door right. It counts at once, for everybody. */
export const closeSetting = actingOnWhole<{ readonly key: string; readonly now: string; readonly safe: string }>({
  name,
  async look({ autentico, order }) {
    const key = order.subject?.id ?? ''
    const safe = safeValues[key]
    if (safe === undefined)
      throw new CannotBeDone(`The setting ${key} is put right by hand, in Autentico's interface.`, { retry: false })
    return { key, safe, now: (await autentico.settings.read()).get(key) ?? '' }
  },
  effect: ({ key, now, safe }) => ({
    sentence: `set ${key} to “${safe}” (it is “${now}” now), for everybody and at once.`,
    question: `Set ${key} to “${safe}”? It counts for everybody, at once.`,
    verb: 'Put it right',
    warnings: key === 'require_mfa' ? ['Whoever has no authenticator is asked to enrol one at the next sign-in.'] : [],
    basis: { setting: key, value: now },
  }),
  async execute(ctx, { key, now, safe }) {
    const { autentico, progress } = ctx
    await progress.fence()
    if (now !== safe && isSafelyChangeable(key)) await autentico.settings.put(key, safe)
    return { did: [`Set ${key} to “${safe}”.`], prove: async () => [await isSet(ctx, key)] }
  },
  again: async (ctx) => [await isSet(ctx, ctx.order.subject?.id ?? '')],
})

async function isSet({ autentico }: ActionContext, key: string): Promise<Proof> {
  const is = (await autentico.settings.read()).get(key) ?? ''
  return { action: name, name: 'setting', proven: is === safeValues[key], detail: `${key} is “${is}”.` }
}
