import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'

const name: ActionName = 'disable-client'

/** Disables a client. It signs nobody in from then on; what its users hold goes on until their sessions are revoked. */
export const disableClient = actingOnWhole<{ readonly id: string; readonly name: string; readonly active: boolean }>({
  name,
  async look({ autentico, order }) {
    const id = order.subject?.id ?? ''
    const client = await autentico.clients.read(id)
    if (client === undefined)
      throw new CannotBeDone(`There is no client ${id} in Autentico any more.`, { retry: false })
    return client
  },
  effect: ({ id, name: called, active }) => ({
    sentence: active
      ? `disable the client “${called}” (${id}).`
      : `leave the client “${called}” (${id}) disabled, as it is already.`,
    question: `Disable the client “${called}”? It signs nobody in any more, and its id stays taken.`,
    verb: 'Disable it',
    warnings: [
      'What its users hold goes on until their sessions are revoked: access tokens to their end, refresh tokens beyond.',
    ],
    basis: { client: id, active },
  }),
  async execute(ctx, { id, name: called }) {
    await ctx.progress.fence()
    const how = await ctx.autentico.clients.disable(id)
    return {
      did: [how === 'already' ? `The client “${called}” was disabled already.` : `Disabled the client “${called}”.`],
      prove: async () => [await isDisabled(ctx, id)],
    }
  },
  again: async (ctx) => [await isDisabled(ctx, ctx.order.subject?.id ?? '')],
})

async function isDisabled({ autentico, order }: ActionContext, id: string): Promise<Proof> {
  const client = await autentico.clients.read(id)
  const holds = client?.active !== true
  return {
    action: name,
    name: 'client-disabled',
    proven: holds,
    detail: `The client “${order.subject?.name ?? id}” is ${holds ? 'disabled' : 'active'}.`,
  }
}
