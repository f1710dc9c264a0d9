import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'

const name: ActionName = 'disable-provider'

/** Switches an identity provider off, through the database: the API would blank its secret. Its links stay. */
export const disableProvider = actingOnWhole<{ readonly id: string; readonly name: string; readonly enabled: boolean }>(
  {
    name,
    async look({ autentico, order }) {
      const id = order.subject?.id ?? ''
      const provider = (await autentico.federation.list()).find((one) => one.id === id)
      if (provider === undefined)
        throw new CannotBeDone(`There is no identity provider ${id} in Autentico any more.`, { retry: false })
      return provider
    },
    effect: ({ id, name: called, enabled }) => ({
      sentence: enabled
        ? `switch the identity provider “${called}” (${id}) off.`
        : `leave the identity provider “${called}” (${id}) off, as it is already.`,
      question: `Switch the identity provider “${called}” off? Nobody signs in by way of it any more.`,
      verb: 'Switch it off',
      warnings: ['Whoever has signed in by way of it stays signed in until the sessions are revoked.'],
      basis: { provider: id, enabled },
    }),
    async execute(ctx, { id, name: called }) {
      await ctx.progress.fence()
      const how = await ctx.autentico.federation.disable(id)
      if (how.kind === 'by-hand') throw new CannotBeDone(how.sentence, { retry: true })
      return {
        did: [how.kind === 'already' ? `“${called}” was off already.` : `Switched “${called}” off.`],
        prove: async () => [await isOff(ctx, id)],
      }
    },
    again: async (ctx) => [await isOff(ctx, ctx.order.subject?.id ?? '')],
  },
)

async function isOff({ autentico, order }: ActionContext, id: string): Promise<Proof> {
  const provider = (await autentico.federation.list()).find((one) => one.id === id)
  const holds = provider?.enabled !== true
  return {
    action: name,
    name: 'provider-off',
    proven: holds,
    detail: `The identity provider “${order.subject?.name ?? id}” is ${holds ? 'off' : 'on'}.`,
  }
}
