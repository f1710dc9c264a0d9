import type { ActionName } from '#/playbook/playbook.ts'
import { probe } from '#/proxy/probe.ts'
import { type ActionContext, CannotBeDone, type Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { proofs, readWish, takenBackAt } from './limit-requests.ts'

const name: ActionName = 'restrict-admin-api'

/** What the step before put in place, as it was approved there. */
type Seen = Awaited<ReturnType<typeof readWish>> & { readonly until: string | undefined; readonly pending: boolean }

/**
 * Shows by requests that nobody else reaches the admin API through the proxy, and makes the change of the step before last: until
 * then it is taken back by itself, because whoever locks themselves out has nobody left to press a button.
 */
export const restrictAdminApi = actingOnWhole<Seen>({
  name,
  look: readStepBefore,
  effect: ({ own, limits, until, pending, site }) => ({
    sentence:
      own && pending
        ? `prove that ${limits.allowed.length === 0 ? 'nobody reaches' : 'nobody else reaches'} the admin API at ${site.url}, and keep the change: it would be taken back at ${takenBackAt(until)}.`
        : `prove that ${limits.allowed.length === 0 ? 'nobody reaches' : 'nobody else reaches'} the admin API at ${site.url}.`,
    question:
      own && pending
        ? 'Keep the limits and the list? Taking them away is by hand from then on.'
        : 'Prove who reaches the admin API?',
    verb: own && pending ? 'Keep them' : 'Prove it',
    warnings: [
      'The list counts for whoever comes through the proxy. A firewall has to keep everybody else from Autentico itself.',
    ],
    basis: { site: site.url, pending },
  }),
  async execute(ctx, seen) {
    const found = await look(ctx, seen)
    const holds = found.every(({ proven }) => proven !== false)
    const { proxy } = ctx.reach
    await ctx.progress.fence()
    if (!holds || proxy === undefined || !seen.own || !seen.pending) {
      return { did: ['Asked for the admin API as somebody from outside.'], prove: () => Promise.resolve(found) }
    }
    const kept = await proxy.proxy.keep(seen.rendered.mark)
    if (kept.kind === 'stuck') throw new CannotBeDone(kept.sentence, { retry: true })
    return {
      did: ['Asked for the admin API as somebody from outside.', kept.sentence],
      prove: () => Promise.resolve(found),
    }
  },
  again: async (ctx) => look(ctx, await readStepBefore(ctx)),
})

async function readStepBefore(ctx: ActionContext): Promise<Seen> {
  const { order, reach } = ctx
  const { proxyInputs, proxyUntil } = order.params ?? {}
  if (proxyInputs === undefined) {
    throw new CannotBeDone(
      'The limits and the networks are given in the step before, and it was not done. Do that first, or skip this one as well.',
      { retry: true },
    )
  }
  const seen = await readWish({
    ...ctx,
    order: { ...order, inputs: JSON.parse(proxyInputs) as Record<string, string> },
  })
  const pending = reach.proxy?.proxy.pending()
  return { ...seen, until: proxyUntil, pending: pending?.mark === seen.rendered.mark }
}

async function look({ autentico, reach }: ActionContext, { site, limits, rendered }: Seen): Promise<readonly Proof[]> {
  const { url } = await autentico.addresses()
  const found = await probe({
    site,
    limits,
    rendered,
    wellBefore: false,
    needsAdmin: new URL(url).origin === site.url,
    ...(reach.probeFrom === undefined ? {} : { from: reach.probeFrom }),
  })
  const parts = new Set(['proxy-live', 'proxy-outside', 'proxy-inside'])
  return proofs(name, found, rendered).filter((check) => parts.has(check.name))
}
