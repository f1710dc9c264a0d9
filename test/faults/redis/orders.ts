import { idOf } from '../../flows/machine/machine.ts'
import type { World } from '../harness/world.ts'

/** Revoking the sessions of this account takes so long, so that something can happen to Redis meanwhile. */
export function slowRevoking({ stage }: World, username: string, delayMs = 400): void {
  const path = `/admin/api/users/${idOf(stage, username)}/revoke-sessions`
  stage.autentico.control.fail({ method: 'POST', path, how: { delayMs } })
}
