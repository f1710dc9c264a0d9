import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectAutentico } from '#/autentico/connect.ts'
import type { AccountId } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId, WorkResult } from '#/incident/work.ts'
import { holdAccount } from '#/work/actions/account/hold-account.ts'
import { liftHold } from '#/work/actions/account/lift-hold.ts'
import { type Action, type ActionContext, defaultTimes } from '#/work/actions/action.ts'
import { makeKey } from '#/work/keys.ts'
import { text } from './answer.ts'
import type { Peer, Victim } from './peer.ts'

/** A hold and its end, by what the worker runs: what Autentico makes of a suspension that is taken back. */
export function holdContract(peer: () => Peer): void {
  const placedBy = 'INC-1-1' as OrderId
  const until = new Date(Date.now() + 1_800_000).toISOString()

  async function run(
    action: Action,
    victim: Victim,
    wasActive?: boolean,
  ): Promise<Extract<WorkResult, { kind: 'done' }>> {
    const { url, origin } = peer()
    const autentico = connectAutentico({
      url,
      credentials: { kind: 'password', ...origin.credentials },
      ...(origin.databaseFile === undefined ? {} : { databasePath: origin.databaseFile }),
    })
    onTestFinished(async () => autentico[Symbol.asyncDispose]())
    const hold = { until, placedBy, ...(wasActive === undefined ? {} : { wasActive }) }
    const { result } = await action.run(contextOf(autentico, victim, hold))
    if (result.kind !== 'done') throw new Error(JSON.stringify(result))
    return result
  }

  const open = ({ checks }: Extract<WorkResult, { kind: 'done' }>) =>
    checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)

  describe('a hold', () => {
    test('lets nobody in, and is proven; lifted, the same password works, and what was ended stays ended', async () => {
      const victim = await peer().victim()
      const { json } = await peer().grant(victim)
      const refreshToken = text(json, 'refresh_token')
      const placed = await run(holdAccount, victim)
      expect(open(placed)).toEqual([])
      expect(placed.known).toEqual({ wasActive: 'yes' })
      expect((await peer().grant(victim)).status).toBe(400)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)

      expect(open(await run(liftHold, victim, true))).toEqual([])
      expect((await peer().grant(victim)).status).toBe(200)
      expect((await peer().refresh(refreshToken)).status).toBe(400)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)
    })

    test('lifted twice, is lifted once', async () => {
      const victim = await peer().victim()
      await run(holdAccount, victim)
      await run(liftHold, victim, true)
      expect((await run(liftHold, victim, true)).did).toEqual([`${victim.username} was active already.`])
    })

    test('over an account that was suspended before leaves it suspended at its end', async () => {
      const victim = await peer().victim()
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect((await run(holdAccount, victim)).known).toEqual({ wasActive: 'no' })
      await run(liftHold, victim, false)
      expect((await peer().grant(victim)).status).toBe(400)
    })
  })
}

/** What a worker gives an action, without a queue around it. */
function contextOf(
  autentico: ActionContext['autentico'],
  { id, username, email }: Victim,
  hold: NonNullable<ActionContext['order']['hold']>,
): ActionContext {
  const notes: Record<string, string> = {}
  const quietly = async (): Promise<void> => undefined
  const now = (): Date => new Date()
  return {
    order: {
      id: hold.placedBy,
      incident: 'INC-1' as IncidentId,
      mode: 'run',
      action: 'hold-account',
      target: { id: id as AccountId, username, email },
      approvedBy: [],
      hold,
      cause: { seq: 1, hash: 'ab'.repeat(32) },
      issuedAt: now().toISOString(),
      expiresAt: hold.until,
      drill: true,
    },
    autentico,
    reach: { directory: '', known: { admins: [], clients: [] } },
    now,
    randomBytes,
    sealTo: makeKey('x25519').publicKey,
    times: defaultTimes,
    requestIds: () => [],
    progress: {
      begunAt: undefined,
      note: (name) => notes[name],
      noteOf: async () => undefined,
      begin: async (found) => void Object.assign(notes, found),
      remember: quietly,
      tell: () => undefined,
      waits: () => undefined,
      asks: () => undefined,
      fence: quietly,
      mayUndo: quietly,
    },
  }
}
