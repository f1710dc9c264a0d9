import { setTimeout as pause } from 'node:timers/promises'
import { idOf } from '../../flows/machine/machine.ts'
import type { Run } from '../harness/fault.ts'
import type { World } from '../harness/world.ts'

/** Revoking the sessions of this account takes so long, so that something can happen to Redis meanwhile. */
export function slowRevoking({ stage }: World, username: string, delayMs = 400): void {
  const path = `/admin/api/users/${idOf(stage, username)}/revoke-sessions`
  stage.autentico.control.fail({ method: 'POST', path, how: { delayMs } })
}

/** An incident whose first step has been asked for, as soon as accounts can be looked up again after what was done to Redis. */
export async function askedWhenHealed({ asked }: Run): Promise<Awaited<ReturnType<Run['asked']>>> {
  const end = performance.now() + 20_000
  for (;;) {
    try {
      return await asked()
    } catch (error) {
      const isAway = error instanceof Error && error.message.includes('Accounts cannot be looked up right now')
      if (!isAway || performance.now() > end) throw error
      await pause(200)
    }
  }
}
